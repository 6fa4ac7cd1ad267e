//! A server that is killed again and again while clients write to it and follow its events.
//!
//! `CRASH_ROUNDS` says how often, 5 times unless told; `scripts/soak` does so 50 times.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use reqwest::Client;
use sea_orm::{ConnectionTrait, DatabaseConnection, FromQueryResult, Statement};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    process::Child,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    program::{printed, program},
    server::fresh_database,
};

const WRITERS: u64 = 8;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long to wait before a server that is down is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// What the writers share.
struct World {
    base: String,
    client: Client,
    /// How many mutations have been acknowledged.
    acknowledged: AtomicU64,
    is_over: AtomicBool,
}

impl World {
    /// Sends a mutation until it is acknowledged, always under the same key; gives its payload.
    async fn mutate(&self, name: &str, input: Value, selection: &str, key: &str) -> Value {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let query = format!(
            "mutation ($input: {kind}!) {{ payload: {name}(input: $input) {{ {selection} userErrors {{ message }} }} }}"
        );
        let body = json!({ "query": query, "variables": { "input": input } });
        loop {
            let request = self.client.post(format!("{}/graphql", self.base)).header("idempotency-key", key).json(&body);
            let Ok(response) = request.send().await else {
                sleep(PAUSE).await;
                continue;
            };
            // Killed in the middle of its answer.
            let Ok(mut answer) = response.json::<Value>().await else { continue };
            assert!(answer["errors"].is_null(), "{name}: {answer}");
            assert_eq!(answer["data"]["payload"]["userErrors"], json!([]), "{name}");
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
            return answer["data"]["payload"].take();
        }
    }

    /// One customer after another, each with an order that is delivered and half refunded. Gives the orders' ids.
    async fn write(self: Arc<Self>, writer: u64) -> Vec<String> {
        let mut orders = Vec::new();
        for turn in 0.. {
            if self.is_over.load(Ordering::SeqCst) {
                break;
            }
            let key = |step: &str| format!("{step}-{writer}-{turn}");
            let input = json!({ "name": format!("Customer {turn} of {writer}"), "externalId": key("customer") });
            let created = self.mutate("customerCreate", input, "customer { id }", &key("customer")).await;
            let items = json!([
                { "name": "Kettle", "quantity": 2, "unitPrice": "30" },
                { "name": "Cup", "quantity": 1, "unitPrice": "40" },
            ]);
            let input = json!({ "customer": created["customer"]["id"], "items": items, "externalId": key("order") });
            let placed = self.mutate("orderCreate", input, "order { id }", &key("order")).await;
            let order = placed["order"]["id"].as_str().expect("an id").to_owned();
            self.mutate("orderDeliver", json!({ "id": order }), "order { status }", &key("delivery")).await;
            let input = json!({ "order": order, "amount": "50" });
            self.mutate("refundCreate", input, "refund { amount }", &key("refund")).await;
            orders.push(order);
        }
        orders
    }

    /// Follows all events, resuming after the last one whenever the server goes, until as many as `until` have come.
    /// Gives their ids.
    async fn follow(self: Arc<Self>, until: Arc<AtomicU64>) -> Vec<String> {
        let query = "subscription { customerEvents(after: \"event-0\") { id cursor } }";
        let mut seen = Vec::new();
        let mut last_id = None;
        loop {
            let request = self.client.post(format!("{}/graphql", self.base)).header("accept", "text/event-stream");
            let request = match &last_id {
                Some(id) => request.header("last-event-id", id),
                None => request,
            };
            let Ok(mut response) = request.json(&json!({ "query": query })).send().await else {
                sleep(PAUSE).await;
                continue;
            };
            let mut text = String::new();
            loop {
                if seen.len() as u64 >= until.load(Ordering::SeqCst) {
                    return seen;
                }
                let chunk = match timeout(PAUSE, response.chunk()).await {
                    Ok(Ok(Some(chunk))) => chunk,
                    // The server was killed.
                    Ok(_) => break,
                    Err(_) => continue,
                };
                text.push_str(&String::from_utf8_lossy(&chunk));
                while let Some((block, rest)) = text.split_once("\n\n") {
                    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                    if field("event:") == Some("next") {
                        let answer: Value = serde_json::from_str(field("data:").expect("data")).expect("JSON");
                        let event = &answer["data"]["customerEvents"];
                        seen.push(event["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned());
                        last_id = event["cursor"].as_str().map(str::to_owned);
                        assert_eq!(field("id:"), last_id.as_deref());
                    }
                    text = rest.to_owned();
                }
            }
        }
    }
}

/// The program, serving once it answers.
async fn serving(base: &str, database: &str) -> Child {
    let address = base.trim_start_matches("http://");
    let mut program = program(&["serve", "--listen", address, "--database", database, "--log", "warn"]);
    let child = program.spawn().expect("the program runs");
    let ready = async {
        while reqwest::get(format!("{base}/health/ready")).await.is_err() {
            sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, ready).await.expect("the server becomes ready");
    child
}

#[derive(Debug, FromQueryResult)]
struct Told {
    id: Uuid,
    position: i64,
    kind: String,
    customer_id: Uuid,
    sequence: i64,
    order_id: Option<Uuid>,
}

async fn log(database: &DatabaseConnection) -> Vec<Told> {
    let sql = "select id, position, kind, customer_id, sequence, order_id from event order by position";
    let statement = Statement::from_string(database.get_database_backend(), sql);
    Told::find_by_statement(statement).all(database).await.expect("the log")
}

#[tokio::test]
async fn what_is_acknowledged_survives_being_killed_and_happens_once() {
    let rounds: u64 = std::env::var("CRASH_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    let directory = tempfile::tempdir().expect("a directory");
    let database = fresh_database(&directory).await;
    let port =
        TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port").port();
    let base = format!("http://127.0.0.1:{port}");
    let mut server = serving(&base, &database).await;
    let world = Arc::new(World {
        base: base.clone(),
        client: Client::new(),
        acknowledged: AtomicU64::new(0),
        is_over: AtomicBool::new(false),
    });
    let until = Arc::new(AtomicU64::new(u64::MAX));
    let reader = tokio::spawn(Arc::clone(&world).follow(Arc::clone(&until)));
    let writers: Vec<_> = (0..WRITERS).map(|writer| tokio::spawn(Arc::clone(&world).write(writer))).collect();

    for round in 0..rounds {
        // At another moment each time.
        let enough = world.acknowledged.load(Ordering::SeqCst) + 40 + 7 * (round % 10);
        let busy = async {
            while world.acknowledged.load(Ordering::SeqCst) < enough {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, busy).await.expect("the writers go on");
        server.kill().await.expect("it is killed");
        server = serving(&base, &database).await;
    }
    world.is_over.store(true, Ordering::SeqCst);
    let mut orders = Vec::new();
    for writer in writers {
        orders.extend(timeout(PATIENCE, writer).await.expect("the writers end").expect("no writer failed"));
    }
    let connection = sea_orm::Database::connect(&database).await.expect("the database");
    let all_numbered = async {
        let sql = "select count(*) as count from event where position is null";
        loop {
            let statement = Statement::from_string(connection.get_database_backend(), sql);
            let row = connection.query_one_raw(statement).await.expect("the log").expect("a row");
            if row.try_get::<i64>("", "count").expect("a number") == 0 {
                break;
            }
            sleep(PAUSE).await;
        }
    };
    timeout(PATIENCE, all_numbered).await.expect("all events get their place");
    let told = log(&connection).await;
    until.store(told.len() as u64, Ordering::SeqCst);
    let seen = timeout(PATIENCE, reader).await.expect("the reader ends").expect("the reader did not fail");

    let positions: Vec<i64> = told.iter().map(|event| event.position).collect();
    assert_eq!(positions, (1..).take(told.len()).collect::<Vec<_>>(), "no gap");
    let expected: Vec<String> = told.iter().map(|event| format!("{base}/events/{}", event.id)).collect();
    assert_eq!(seen, expected, "the reader saw each event once, in order");
    let mut customers: BTreeMap<Uuid, Vec<(i64, &str)>> = BTreeMap::new();
    let mut of_orders: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for event in &told {
        customers.entry(event.customer_id).or_default().push((event.sequence, &event.kind));
        if let Some(order) = event.order_id {
            of_orders.entry(format!("{base}/orders/{order}")).or_default().push(&event.kind);
        }
    }
    assert_eq!(customers.len(), orders.len());
    for events in customers.values() {
        let sequences: Vec<i64> = events.iter().map(|(sequence, _)| *sequence).collect();
        assert_eq!(sequences, (1..).take(events.len()).collect::<Vec<_>>());
        assert_eq!(events.iter().filter(|(_, kind)| *kind == "CUSTOMER_CREATED").count(), 1);
        assert_eq!(events.iter().filter(|(_, kind)| *kind == "CUSTOMER_ENROLLED").count(), 1);
    }
    orders.sort();
    assert_eq!(of_orders.keys().collect::<Vec<_>>(), orders.iter().collect::<Vec<_>>());
    let story = ["ORDER_CREATED", "ORDER_DELIVERED", "CUSTOMER_PURCHASED", "ORDER_REFUNDED"];
    assert!(of_orders.values().all(|events| *events == story), "one set of events each");
    let count = async |table: &str| {
        let statement =
            Statement::from_string(connection.get_database_backend(), format!("select count(*) as count from {table}"));
        let row = connection.query_one_raw(statement).await.expect("the table").expect("a row");
        usize::try_from(row.try_get::<i64>("", "count").expect("a number")).expect("a count")
    };
    assert_eq!(count("customer").await, orders.len());
    assert_eq!(count("orders where status = 'DELIVERED'").await, orders.len());
    assert_eq!(count("order_item").await, 2 * orders.len(), "none half done");
    assert_eq!(count("refund").await, orders.len());
    assert_eq!(count("loyalty_membership").await, orders.len());
    assert_eq!(count("customer where total_spent = 5000 and total_orders = 1").await, orders.len());
    let report = printed(&["jobs", "run", "metrics", "--verify", "--database", &database]).await;
    assert!(report.contains("all figures are those of the ledger"), "{report}");
}

//! The program itself: what its commands do, and how it ends.

use std::{io::Read, process::Stdio, time::Duration};

use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    time::{sleep, timeout},
};

use crate::{server::fresh_database, socket::Socket};

const PATIENCE: Duration = Duration::from_secs(30);

pub fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_customers"));
    command.args(arguments).env_clear().kill_on_drop(true);
    command
}

pub async fn printed(arguments: &[&str]) -> String {
    let output = program(arguments).output().await.expect("the program runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a text")
}

fn sqlite(directory: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", directory.path().join("test.db").display())
}

/// A server on a port of its own, and what it logs from then on.
async fn serving(arguments: &[&str]) -> (Child, String, Lines<BufReader<ChildStderr>>) {
    let mut arguments = arguments.to_vec();
    arguments.splice(0..0, ["serve", "--listen", "127.0.0.1:0"]);
    let mut server = program(&arguments).stderr(Stdio::piped()).spawn().expect("the program runs");
    let mut lines = BufReader::new(server.stderr.take().expect("its log")).lines();
    loop {
        let line =
            timeout(PATIENCE, lines.next_line()).await.expect("it starts").expect("a line").expect("its address");
        if let Some((_, base)) = line.split_once("base=\"") {
            return (server, base.trim_end_matches('"').to_owned(), lines);
        }
    }
}

#[tokio::test]
async fn the_schema_is_printed() {
    assert_eq!(printed(&["schema"]).await, std::fs::read_to_string("schema.graphql").expect("the file"));
}

#[tokio::test]
async fn an_import_that_is_run_again_changes_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    let files = ["data/northwind_customers.csv", "data/northwind_orders.csv", "data/northwind_order_lines.csv"];
    let import = [&["import"], &files[..], &["--format", "northwind", "--database", &database]].concat();

    let first = printed(&import).await;
    let again = printed(&import).await;

    assert!(first.contains("91 customers, 830 orders"), "{first}");
    assert!(again.contains("nothing new"), "{again}");
}

const NINE_DAYS: &str = "data/online_retail_2010-12-01_09.csv.gz";

/// The command that imports the nine days of Online Retail in `file`, its rejected rows going to `rejected`.
fn import_of<'a>(file: &'a str, rejected: &'a str, database: &'a str) -> [&'a str; 10] {
    let format = ["--format", "online-retail", "--currency", "GBP"];
    ["import", file, format[0], format[1], format[2], format[3], "--rejected", rejected, "--database", database]
}

/// All that an import leaves in a database, but keys and the instants at which it ran, sorted.
async fn traces(database: &str) -> Vec<String> {
    const TRACES: [&str; 6] = [
        "select 'customer ' || external_id || ' ' || customer_since || ' ' || total_orders || ' ' || delivered_orders
            || ' ' || total_spent || ' ' || coalesce(last_purchase_date, 0) from customer",
        "select 'order ' || orders.external_id || ' ' || order_date || ' ' || total || ' ' || count(item.id)
            from orders left join order_item item on item.order_id = orders.id
            group by orders.external_id, order_date, total",
        "select 'refund ' || external_id || ' ' || refunded_at || ' ' || amount from refund",
        "select 'tier ' || customer.external_id || ' ' || tier.name || ' ' || tier_since from loyalty_membership
            join customer on customer.id = customer_id join loyalty_tier tier on tier.id = tier_id",
        "select 'segment ' || customer.external_id || ' ' || segment.handle from segment_membership
            join customer on customer.id = customer_id join segment on segment.id = segment_id",
        "select 'event ' || event.kind || ' ' || customer.external_id || ' ' || coalesce(orders.external_id, '')
            || ' ' || coalesce(refund.external_id, '') || ' ' || coalesce(segment.handle, '')
            || ' ' || coalesce(tier.name, '')
            || case when event.kind in ('CUSTOMER_CREATED', 'SEGMENT_ENTERED', 'SEGMENT_LEFT') then ''
                else ' ' || occurred_at end
            from event join customer on customer.id = event.customer_id left join orders on orders.id = event.order_id
            left join refund on refund.id = refund_id left join segment on segment.id = segment_id
            left join loyalty_tier tier on tier.id = event.tier_id",
    ];
    let connection = sea_orm::Database::connect(database).await.expect("the database");
    let mut traces = Vec::new();
    for sql in TRACES {
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        let rows = connection.query_all_raw(statement).await.expect("rows");
        traces.extend(rows.iter().map(|row| row.try_get_by_index::<String>(0).expect("a text")));
    }
    traces.sort();
    traces
}

#[tokio::test]
async fn an_import_that_was_killed_and_is_run_again_ends_as_though_it_had_not_been() {
    let (directory, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let (killed, whole) = (fresh_database(&directory).await, fresh_database(&other).await);
    let rejected = directory.path().join("rejected.csv").display().to_string();
    // The schema comes first, so that the orders can be looked for.
    let verify = ["jobs", "run", "metrics", "--verify", "--currency", "GBP", "--database", &killed];
    printed(&verify).await;
    let connection = sea_orm::Database::connect(&killed).await.expect("the database");
    let orders = async || {
        let count = Statement::from_string(connection.get_database_backend(), "select count(*) from orders");
        let row = connection.query_one_raw(count).await.expect("the orders").expect("a row");
        row.try_get_by_index::<i64>(0).expect("a number")
    };

    let mut import = program(&import_of(NINE_DAYS, &rejected, &killed)).stderr(Stdio::null()).spawn().expect("it runs");
    let begun = async {
        while orders().await == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, begun).await.expect("the first orders are there");
    import.kill().await.expect("it is killed");
    let in_between = orders().await;
    assert!((1..776).contains(&in_between), "killed in the middle: {in_between}");
    assert!(printed(&verify).await.contains("all figures are those of the ledger"));
    printed(&import_of(NINE_DAYS, &rejected, &killed)).await;
    printed(&import_of(NINE_DAYS, &rejected, &whole)).await;

    let (killed, whole) = (traces(&killed).await, traces(&whole).await);
    assert_eq!(killed.len(), whole.len());
    assert!(killed == whole, "{:?}", killed.iter().zip(&whole).find(|(one, other)| one != other));
}

#[tokio::test]
async fn a_file_is_imported_alike_whether_gzip_has_packed_it_or_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let mut text = Vec::new();
    let packed = std::fs::File::open(NINE_DAYS).expect("the data");
    flate2::read::GzDecoder::new(packed).read_to_end(&mut text).expect("gzip");
    std::fs::write(path("plain.csv"), text).expect("a copy");
    let database = sqlite(&directory);
    let (rejected, rejected_again) = (path("rejected.csv"), path("rejected_again.csv"));

    let first = printed(&import_of(NINE_DAYS, &rejected, &database)).await;
    let again = printed(&import_of(&path("plain.csv"), &rejected_again, &database)).await;

    let expected = "online-retail: 622 customers, 776 orders, 125 refunds and 1996 products imported; \
        14803 rows accepted, 7720 rejected: 7720 no CustomerID";
    assert!(first.starts_with(expected), "{first}");
    assert!(again.starts_with("online-retail: nothing new; 3519 already there; 14803 rows accepted"), "{again}");
    let rejected = std::fs::read_to_string(rejected).expect("the rejected rows");
    let again = std::fs::read_to_string(rejected_again).expect("the rejected rows");
    assert_eq!(rejected.lines().count(), 1 + 7720);
    assert_eq!(rejected.replace("online_retail_2010-12-01_09.csv.gz", "plain.csv"), again);
}

#[tokio::test]
async fn the_whole_of_online_retail_is_accepted_and_rejected_as_its_readme_has_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let rejected = directory.path().join("rejected.csv").display().to_string();
    let database = sqlite(&directory);
    let import = import_of("data/online_retail.csv.gz", &rejected, &database);

    let told = printed(&[&import[..], &["--dry-run"]].concat()).await;

    assert!(told.starts_with("online-retail: 4372 customers, 18536 orders, 3654 refunds and "), "{told}");
    assert!(told.contains("; 406829 rows accepted, 135080 rejected: 135080 no CustomerID"), "{told}");
    assert_eq!(std::fs::read_to_string(rejected).expect("the rejected rows").lines().count(), 1 + 135_080);
}

#[tokio::test]
async fn a_dry_run_makes_no_database_and_leaves_one_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    let rejected = directory.path().join("rejected.csv").display().to_string();
    let import = import_of(NINE_DAYS, &rejected, &database);
    let rehearsal = [&import[..], &["--dry-run"]].concat();

    let before = printed(&rehearsal).await;

    assert!(before.contains("776 orders, 125 refunds and 1996 products would be imported"), "{before}");
    assert!(!directory.path().join("test.db").exists(), "there was no database, and there is none");
    printed(&import).await;
    let traces_before = traces(&database).await;
    let after = printed(&rehearsal).await;
    assert!(after.contains("nothing new; 3519 already there"), "{after}");
    assert!(traces(&database).await == traces_before);
}

#[tokio::test]
async fn a_demonstration_answers_and_ends_when_told_to() {
    let (mut server, base, mut log) = serving(&["--demo"]).await;
    let body = json!({ "query": "query Everyone { customers { totalCount } }" });

    let request = reqwest::Client::new().post(format!("{base}/graphql")).json(&body);
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let id = server.id().expect("it runs").to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");
    let ended = timeout(PATIENCE, server.wait()).await.expect("it ends").expect("a status");

    assert_eq!(answer["data"]["customers"]["totalCount"], 150);
    assert!(told.success() && ended.success(), "{ended}");
    let mut lines = Vec::new();
    while let Some(line) = log.next_line().await.expect("a line") {
        lines.push(line);
    }
    assert!(lines.iter().any(|line| line.contains("operation=\"Everyone\"")), "{lines:?}");
}

#[tokio::test]
async fn sockets_and_streams_end_with_the_server() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut server, base, _log) = serving(&["--database", &sqlite(&directory)]).await;
    let subscription = "subscription { customerEvents { cursor } }";
    let request = reqwest::Client::new().post(format!("{base}/graphql")).header("accept", "text/event-stream");
    let mut stream = request.json(&json!({ "query": subscription })).send().await.expect("a stream");
    let mut socket = Socket::start_at(base.trim_start_matches("http://")).await;
    socket.subscribe("1", subscription, json!({})).await;

    let id = server.id().expect("it runs").to_string();
    let told = Command::new("kill").args(["-TERM", &id]).status().await.expect("kill runs");

    assert!(told.success());
    assert_eq!(socket.closed().await.0, 1001);
    let ended = timeout(PATIENCE, stream.chunk()).await.expect("it ends");
    assert_eq!(ended.expect("it ends well"), None, "no event says that the subscription is complete");
    let ended = timeout(PATIENCE, server.wait()).await.expect("it ends").expect("a status");
    assert!(ended.success(), "{ended}");
}

#[tokio::test]
async fn what_a_client_sends_is_not_logged() {
    let directory = tempfile::tempdir().expect("a directory");
    let (mut server, base, mut log) = serving(&["--database", &sqlite(&directory)]).await;
    let client = reqwest::Client::new();
    let body = json!({
        "query": "query ($s: String) { customers(search: $s) { totalCount } }",
        "variables": { "s": "jane@example.org" },
        "operationName": "jane@example.org",
    });

    for request in [
        client.post(format!("{base}/graphql")).json(&body),
        client.get(format!("{base}/jane@example.org?email=jane@example.org")),
    ] {
        request.send().await.expect("an answer");
    }
    server.kill().await.expect("it ends");

    while let Some(line) = log.next_line().await.expect("a line") {
        assert!(!line.contains("jane"), "{line}");
    }
}

#[tokio::test]
async fn ids_made_under_a_former_base_still_lead_to_their_nodes() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    printed(&["seed", "--customers", "1", "--database", &database]).await;
    let flags = ["--database", &database, "--former-base-url", "https://old.example.org"];
    let (_server, base, _log) = serving(&flags).await;
    let ask = async |query: String| -> Value {
        let request = reqwest::Client::new().post(format!("{base}/graphql")).json(&json!({ "query": query }));
        request.send().await.expect("an answer").json().await.expect("JSON")
    };

    let listed = ask("{ customers { nodes { id } } }".to_owned()).await;
    let id = listed["data"]["customers"]["nodes"][0]["id"].as_str().expect("an id").to_owned();
    let former = id.replace(&base, "https://old.example.org");
    let found = ask(format!("{{ node(id: \"{former}\") {{ id }} }}")).await;

    assert_eq!(found["data"]["node"]["id"], json!(id));
}

#[tokio::test]
async fn what_customers_are_worth_is_settled_for_the_store_and_wrong_settings_are_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    let settled = async |flags: &[&str]| {
        let (_server, base, _log) = serving(&[flags, &["--no-jobs", "--database", &database]].concat()).await;
        let query = json!({ "query": "{ store { marginFactor monthlyDiscount } }" });
        let request = reqwest::Client::new().post(format!("{base}/graphql")).json(&query);
        let mut answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        answer["data"]["store"].take()
    };

    let both = ["--margin-factor", "0.4", "--monthly-discount", "0.02"];
    assert_eq!(settled(&both).await, json!({ "marginFactor": 0.4, "monthlyDiscount": 0.02 }));
    let one = settled(&["--margin-factor", "0.35"]).await;
    assert_eq!(one, json!({ "marginFactor": 0.35, "monthlyDiscount": 0.02 }));
    assert_eq!(settled(&[]).await, one, "what was settled stays");
    for (flag, value, expected) in [
        (
            "--margin-factor",
            "1.2",
            "expected a number above 0 and up to 1 with at most four decimal places, not \"1.2\"",
        ),
        ("--monthly-discount", "1", "expected a number from 0 to less than 1, not \"1\""),
    ] {
        let refused = program(&["serve", flag, value, "--database", &database]).output().await.expect("it runs");
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains(expected), "{told}");
    }
}

#[tokio::test]
async fn a_server_counts_what_sqlite_does_not_know_of_its_tables() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    printed(&["seed", "--customers", "20", "--database", &database]).await;
    let connection = sea_orm::Database::connect(&database).await.expect("the database");
    // As in a store that has grown by requests alone.
    connection.execute_unprepared("delete from sqlite_stat1").await.expect("no statistics");

    let (_server, _base, _log) = serving(&["--database", &database]).await;

    let counted = async {
        let sql = "select count(*) from sqlite_stat1 where tbl = 'customer' and stat like '20 %'";
        let statement = Statement::from_string(connection.get_database_backend(), sql);
        loop {
            let row = connection.query_one_raw(statement.clone()).await.expect("statistics").expect("a row");
            if row.try_get_by_index::<i64>(0).expect("a number") > 0 {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, counted).await.expect("the tables are counted");
}

#[tokio::test]
async fn figures_that_drifted_from_the_ledger_are_reported_and_rebuilt() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    printed(&["seed", "--customers", "3", "--database", &database]).await;
    let verify = ["jobs", "run", "metrics", "--verify", "--database", &database];
    assert!(printed(&verify).await.contains("all figures are those of the ledger"));
    let connection = sea_orm::Database::connect(&database).await.expect("the database");
    let sql = "update customer set total_orders = total_orders + 1 where id = (select min(id) from customer)";
    connection.execute_unprepared(sql).await.expect("a drift");

    let output = program(&verify).output().await.expect("the program runs");
    let rebuilt = printed(&["jobs", "run", "metrics", "--database", &database]).await;

    assert!(!output.status.success());
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("of 1 customers") && report.contains(": totalOrders is "), "{report}");
    assert_eq!(rebuilt, "metrics: 3 examined, 1 changed\n");
    assert!(printed(&verify).await.contains("all figures are those of the ledger"));
}

#[tokio::test]
async fn jobs_run_by_themselves_unless_they_are_switched_off() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = sqlite(&directory);
    printed(&["seed", "--customers", "5", "--database", &database]).await;
    let ask = async |base: &str| -> Value {
        let query = "{ jobs { name schedule nextRun lastRun { state actor } } customers { nodes { rfm { score } } } }";
        let request = reqwest::Client::new().post(format!("{base}/graphql")).json(&json!({ "query": query }));
        request.send().await.expect("an answer").json::<Value>().await.expect("JSON")["data"].take()
    };
    let job = |data: &Value, name: &str| {
        let jobs = data["jobs"].as_array().expect("jobs");
        jobs.iter().find(|job| job["name"] == name).expect("the job").clone()
    };

    let (mut idle, base, _log) = serving(&["--no-jobs", "--database", &database]).await;
    let data = ask(&base).await;
    assert_eq!(job(&data, "RFM"), json!({ "name": "RFM", "schedule": null, "nextRun": null, "lastRun": null }));
    idle.kill().await.expect("it ends");

    let flags = ["--schedule", "churn=30 4 * * *", "--schedule", "loyalty=off", "--database", &database];
    let (_server, base, _log) = serving(&flags).await;
    let done = async {
        loop {
            let data = ask(&base).await;
            if job(&data, "CHURN")["lastRun"]["state"] == "SUCCEEDED" {
                return data;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let data = timeout(PATIENCE, done).await.expect("jobs run");

    assert_eq!(job(&data, "RFM")["lastRun"], json!({ "state": "SUCCEEDED", "actor": "schedule" }));
    assert_eq!(job(&data, "CHURN")["schedule"], "30 4 * * *");
    assert_eq!(job(&data, "LOYALTY")["lastRun"], Value::Null);
    let customers = data["customers"]["nodes"].as_array().expect("customers");
    assert!(customers.iter().any(|customer| customer["rfm"]["score"].is_string()), "{customers:?}");
}

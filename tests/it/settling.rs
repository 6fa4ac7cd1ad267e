//! What concerns too many customers for one transaction, and is settled right after it.

use std::{cmp::Ordering, pin::pin};

use customers::{
    config::SeedOptions,
    job::settling::settle_new,
    progress::Progress,
    seed,
    store::{execute, query},
};
use serde_json::{Value, json};

use crate::{
    loyalty_writes::{tier, written},
    server::Server,
};

/// More than a few batches.
const CUSTOMERS: u64 = 1_500;

async fn seeded() -> Server {
    let server = Server::start().await;
    let options = SeedOptions { customers: CUSTOMERS, orders_per_customer: 1, random_seed: 3 };
    seed::run(&server.app, &options, &Progress::silent()).await.expect("customers");
    server
}

async fn program(server: &Server) -> Value {
    let fields = "nodes { id isSettled tiers { nodes { name rank retiredAt } } }";
    let filter = "where: { isDefault: { eq: true } }";
    server.query(&format!("{{ loyaltyPrograms({filter}) {{ {fields} }} }}")).await["loyaltyPrograms"]["nodes"][0].take()
}

async fn edit(server: &Server, tiers: &[(&str, i64)]) -> Value {
    let tiers: Vec<_> = tiers.iter().map(|(name, begins)| tier(name, &begins.to_string())).collect();
    written(server, "loyaltyProgramUpdate", json!({ "id": program(server).await["id"], "tiers": tiers })).await
}

async fn numbers(server: &Server, sql: &str) -> Vec<(i64, i64)> {
    let rows = query(server.app.database.reader(), sql, Vec::new()).await.expect("rows");
    let pair =
        |row: &sea_orm::QueryResult| (row.try_get_by_index(0).expect("one"), row.try_get_by_index(1).expect("two"));
    rows.iter().map(pair).collect()
}

/// Where the tier of each member begins, and what they spent, in minor units.
async fn standings(server: &Server) -> Vec<(i64, i64)> {
    let sql = "select tier.min_spend, customer.total_spent
        from loyalty_membership membership
        join loyalty_tier tier on tier.id = membership.tier_id
        join customer on customer.id = membership.customer_id";
    numbers(server, sql).await
}

/// How many rises and falls were told.
async fn told(server: &Server) -> (i64, i64) {
    let sql = "select coalesce(sum(case kind when 'CUSTOMER_UPGRADED' then 1 else 0 end), 0),
            coalesce(sum(case kind when 'CUSTOMER_DOWNGRADED' then 1 else 0 end), 0)
        from event";
    numbers(server, sql).await[0]
}

/// Where the tier begins that a spending reaches.
fn reached(tiers: &[(&str, i64)], spent: i64) -> i64 {
    let begins = || tiers.iter().map(|(_, begins)| begins * 100);
    begins().filter(|begins| *begins <= spent).max().unwrap_or_else(|| begins().min().expect("a tier"))
}

async fn check_standings(server: &Server, tiers: &[(&str, i64)]) {
    let standings = standings(server).await;
    assert!(standings.len() as u64 >= CUSTOMERS);
    for (begins, spent) in standings {
        assert_eq!(begins, reached(tiers, spent), "{spent}");
    }
}

#[tokio::test]
async fn a_purchase_goes_through_while_the_members_of_an_edited_program_are_settled() {
    let server = seeded().await;
    let jane = server.enter("Jane").await;
    server.purchase(&jane, "600").await;
    let order = server.place(&jane, "500").await;
    // None of them begins where one began.
    let tiers = [("Low", 10), ("Mid", 120), ("High", 1_100)];
    let ways = standings(&server).await.into_iter().map(|(began, spent)| reached(&tiers, spent).cmp(&began));
    let ways: Vec<_> = ways.collect();
    let count = |way| i64::try_from(ways.iter().filter(|other| **other == way).count()).expect("a number");
    let (rises, falls) = told(&server).await;
    let known = server.events_of(&jane).await.len();

    let counts = async || {
        let query = "{ analytics(timeframe: YEAR) { customersByTier { count tier { name } } } }";
        server.query(query).await["analytics"]["customersByTier"].take()
    };
    let counted = counts().await;

    let edited = edit(&server, &tiers).await;
    let half_counted = counts().await;
    let half_way = server.customer_fields(&jane, "loyaltyTier { name rank retiredAt }").await["loyaltyTier"].take();
    let mut settling = pin!(settle_new(&server.app));
    let delivered = tokio::select! {
        settled = &mut settling => panic!("it did not wait for its turn: {settled:?}"),
        delivered = server.mutate("orderDeliver", json!({ "id": order }), "order { status }") => delivered,
    };
    let after_purchase = program(&server).await;
    let bought = server.customer_fields(&jane, "loyaltyTier { name }").await;
    settling.await.expect("everyone moves");

    let names = |program: &Value| {
        let tiers = program["tiers"]["nodes"].as_array().expect("tiers").iter();
        tiers.map(|tier| tier["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&edited), &after_purchase["isSettled"]),
        (vec!["Low".into(), "Mid".into(), "High".into()], &json!(false))
    );
    assert_eq!(
        (&half_way["name"], &half_way["rank"], half_way["retiredAt"].is_string()),
        (&json!("Silver"), &json!(2), true)
    );
    assert_eq!((&delivered["order"]["status"], &bought["loyaltyTier"]["name"]), (&json!("DELIVERED"), &json!("High")));
    assert_eq!(half_counted, counted, "nobody has moved");
    let settled = program(&server).await;
    assert_eq!((&settled["isSettled"], names(&settled)), (&json!(true), names(&edited)));
    check_standings(&server, &tiers).await;
    // Jane would have fallen to the tier that begins at 120, and rises to the one that begins at 1,100.
    let expected = (rises + count(Ordering::Greater) + 1, falls + count(Ordering::Less) - 1);
    assert_eq!((told(&server).await, count(Ordering::Equal)), (expected, 0));
    let events = server.events_since(&jane, known).await;
    assert_eq!(events.iter().filter(|event| event.starts_with("CUSTOMER_UP")).count(), 1, "{events:?}");
    let messages = "select count(*), count(distinct customer_id) from communication
        where template = 'upgrade' and event_id is not null";
    // For both purchases of Jane, and for nobody else.
    assert_eq!(numbers(&server, messages).await, [(2, 1)]);
}

#[tokio::test]
async fn a_program_that_is_edited_again_while_it_is_settled_ends_as_the_last_edit_says() {
    let server = seeded().await;
    let (first, second) = ([("Low", 10), ("Mid", 120)], [("Low", 30), ("Mid", 90), ("High", 700)]);

    edit(&server, &first).await;
    let mut settling = pin!(settle_new(&server.app));
    tokio::select! {
        settled = &mut settling => panic!("it did not wait for its turn: {settled:?}"),
        _ = edit(&server, &second) => {}
    }
    settling.await.expect("nothing is wrong");
    assert_eq!(program(&server).await["isSettled"], false);
    settle_new(&server.app).await.expect("everyone moves");

    assert_eq!(program(&server).await["isSettled"], true);
    check_standings(&server, &second).await;
    let held = "select count(*), count(distinct membership.id)
        from loyalty_membership membership join loyalty_tier tier on tier.id = membership.tier_id
        where tier.retired_at is not null";
    assert_eq!(numbers(&server, held).await, [(0, 0)]);
}

#[tokio::test]
async fn a_program_is_settled_by_a_command_where_no_server_runs_jobs() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    edit(&server, &[("Only", 5)]).await;

    let run = crate::job::run(&server, json!({ "name": "LOYALTY" })).await;

    assert_eq!(run["changed"], 1);
    assert_eq!(program(&server).await["isSettled"], true);
    let tier = server.customer_fields(&jane, "loyaltyTier { name }").await;
    assert_eq!(tier["loyaltyTier"]["name"], "Only");
}

#[tokio::test]
async fn a_deleted_segment_is_gone_at_once_and_its_members_leave_while_others_write() {
    let server = seeded().await;
    let jane = server.enter("Jane").await;
    let order = server.place(&jane, "5").await;
    let input = json!({ "name": "Everyone" });
    let segment = server.mutate("segmentCreate", input.clone(), "segment { id }").await["segment"]["id"].take();
    let fill = "insert into segment_membership (segment_id, customer_id, since)
        select segment.id, customer.id, 0 from segment, customer where segment.handle = 'everyone'";
    execute(server.app.database.writer(), fill, Vec::new()).await.expect("members");
    let members = "select count(*), count(distinct segment_id) from segment_membership
        where segment_id not in (select id from segment where deleted_at is null)";
    let told = "select count(*), count(distinct customer_id) from event where kind = 'SEGMENT_LEFT'";
    let everyone = i64::try_from(CUSTOMERS).expect("a number") + 1;

    let gone = server.mutate("segmentDelete", json!({ "id": segment }), "deletedId").await;
    let (left, known) = (numbers(&server, members).await, numbers(&server, told).await);
    let shown = server
        .query(&format!(
            "{{ segment(id: {segment}) {{ id }} node(id: {segment}) {{ id }}
                segments(where: {{ name: {{ eq: \"Everyone\" }} }}) {{ totalCount }}
                customers(where: {{ segments: {{ some: {{ name: {{ eq: \"Everyone\" }} }} }} }}) {{ totalCount }}
                customer(id: {jane}) {{ segments {{ totalCount nodes {{ name }} }} }}
                segmentExplain(segment: {segment}, customer: {jane}) {{ isMember }} }}"
        ))
        .await;
    let iri = server.get(segment.as_str().expect("an IRI"), "application/ld+json").await;
    let namesake = server.mutate("segmentCreate", input, "segment { handle }").await;
    let mut settling = pin!(settle_new(&server.app));
    let delivered = tokio::select! {
        settled = &mut settling => panic!("it did not wait for its turn: {settled:?}"),
        delivered = server.mutate("orderDeliver", json!({ "id": order }), "order { status }") => delivered,
    };
    settling.await.expect("everyone leaves");

    assert_eq!((gone["deletedId"].clone(), left, known), (segment, vec![(everyone, 1)], vec![(0, 0)]));
    let expected = json!({
        "segment": null, "node": null, "segments": { "totalCount": 0 }, "customers": { "totalCount": 0 },
        "customer": { "segments": { "totalCount": 1, "nodes": [{ "name": "Basic" }] } }, "segmentExplain": null,
    });
    assert_eq!((shown, iri.status().as_u16()), (expected, 404));
    assert_eq!(namesake["segment"]["handle"], "everyone");
    assert_eq!(delivered["order"]["status"], "DELIVERED");
    assert_eq!(
        (numbers(&server, members).await, numbers(&server, told).await),
        (vec![(0, 0)], vec![(everyone, everyone)])
    );
    let rows = "select count(*), count(distinct id) from segment where deleted_at is not null";
    assert_eq!(numbers(&server, rows).await, [(0, 0)]);
}

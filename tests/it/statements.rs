//! How many statements a question costs: as many as it has levels, whatever it reads. And an import: as many as it has
//! batches.

use std::{fmt::Write, time::Duration};

use customers::{
    clock::Clock,
    config::{Format, ImportOptions, OnError},
    import,
    progress::Progress,
    store::Dialect,
};
use sea_orm::ConnectionTrait;
use tokio::{pin, select, task::yield_now, time::timeout};

use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

/// Customers; tiers, segments, addresses and orders; items.
const NESTED: &str = "{ customers(first: 20) { nodes { loyaltyTier { name } segments { nodes { name } }
    addresses { nodes { addressLocality } } orders(first: 5) { nodes { items { nodes { name } } } } } } }";

async fn check(server: &Server, expected: u64, query: &str) {
    let before = server.app.database.statements();

    server.query(query).await;

    assert_eq!(server.app.database.statements() - before, expected, "{query}");
}

#[tokio::test]
async fn a_question_costs_one_statement_for_each_level() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 1) { nodes { id } pageInfo { endCursor } } }").await;
    let (id, cursor) = (&data["customers"]["nodes"][0]["id"], &data["customers"]["pageInfo"]["endCursor"]);

    let cases = [
        (1, format!("{{ customer(id: {id}) {{ id name email totalSpent customerSegment }} }}")),
        (1, format!("{{ customers(first: 50, after: {cursor}) {{ nodes {{ id name }} pageInfo {{ endCursor }} }} }}")),
        (2, "{ customers(where: { totalSpent: { gte: \"100\" } }) { totalCount nodes { id } } }".to_owned()),
        (1, "{ customers { totalCount } }".to_owned()),
        (6, NESTED.to_owned()),
        // Orders; their customers, all at once.
        (2, "{ orders(first: 50) { nodes { customer { name } } } }".to_owned()),
        // Orders; their customers; how many orders these have.
        (3, "{ orders(first: 100) { nodes { customer { orders(first: 2) { totalCount } } } } }".to_owned()),
        (1, format!("{{ customer(id: {id}) {{ jsonLd }} }}")),
    ];

    for (expected, query) in cases {
        check(&server, expected, &query).await;
    }
}

#[tokio::test]
async fn the_document_of_a_node_costs_one_statement() {
    let server = Server::demo().await;
    let query = "{
        customers(first: 1) { nodes { id } } orders(first: 1) { nodes { id } } products(first: 1) { nodes { id } }
        segments(first: 1) { nodes { id } }
    }";
    let data = server.query(query).await;

    for list in ["customers", "orders", "products", "segments"] {
        let iri = data[list]["nodes"][0]["id"].as_str().expect("an id");
        for accept in ["application/ld+json", "application/n-quads", "application/n-triples"] {
            let before = server.app.database.statements();

            let response = server.get(iri, accept).await;

            assert_eq!(response.status(), 200, "{iri} as {accept}");
            assert_eq!(server.app.database.statements() - before, 1, "{iri} as {accept}");
        }
    }
}

/// While one of the lists below customers is locked, all is read but that list, and what hangs on it: so none waits for
/// another, and the answer is three statements away, one for each level. SQLite locks no table.
#[tokio::test]
async fn lists_beside_each_other_do_not_wait_for_each_other() {
    let server = Server::demo().await;
    let database = &server.app.database;
    if database.dialect() == Dialect::Sqlite {
        return;
    }
    for (table, others) in [("loyalty_tier", 5), ("segment", 5), ("address", 5), ("orders", 4)] {
        let holder = database.begin().await.expect("a transaction");
        holder.execute_unprepared(&format!("lock table {table}")).await.expect("a lock");
        let before = database.statements();

        let asking = server.query(NESTED);
        pin!(asking);
        let the_others = async {
            while database.statements() - before < others {
                yield_now().await;
            }
        };
        select! {
            answer = &mut asking => panic!("answered without {table}: {answer}"),
            read = timeout(PATIENCE, the_others) => read.expect("the others are read"),
        }
        holder.rollback().await.expect("no lock");
        asking.await;

        assert_eq!(database.statements() - before, 6, "{table}");
    }
}

/// What the import of so many orders costs, each of a customer of its own.
async fn cost_of_import(orders: u32) -> u64 {
    let server = Server::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("cdnow.csv");
    let mut text = "customer_id,date,quantity,amount\n".to_owned();
    for order in 0..orders {
        writeln!(text, "{order:05},1997-01-01,1,11.77").expect("text has room");
    }
    std::fs::write(&file, text).expect("a file");
    let options = ImportOptions {
        files: vec![file],
        format: Format::Cdnow,
        recent: false,
        on_error: OnError::Stop,
        rejected: None,
        dry_run: false,
    };
    // Beside the server, which gives events their positions meanwhile.
    let app = server.replica(Clock::System, server.app.post.clone()).await;
    let statements = || app.database.statements() + app.database.writing_statements();
    let before = statements();

    import::run(&app, &options, &Progress::silent()).await.expect("an import");

    statements() - before
}

#[tokio::test]
async fn an_import_costs_as_many_statements_as_it_has_batches_of_two_hundred_orders() {
    let few = cost_of_import(20).await;
    let one_batch = cost_of_import(200).await;
    let two_batches = cost_of_import(400).await;
    let three_batches = cost_of_import(600).await;

    assert_eq!(one_batch, few);
    assert_eq!(three_batches - two_batches, two_batches - one_batch);
    assert!(two_batches - one_batch <= one_batch, "{few}, {one_batch}, {two_batches}, {three_batches}");
}

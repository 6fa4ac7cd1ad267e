//! The program itself: what its commands do, and how it ends.

use std::{process::Stdio, time::Duration};

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
    time::timeout,
};

use crate::socket::Socket;

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
    assert!(rebuilt.contains("rebuilt the figures of 1 customers"), "{rebuilt}");
    assert!(printed(&verify).await.contains("all figures are those of the ledger"));
}

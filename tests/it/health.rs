//! Starting, telling of one's health, and refusing to start.

use std::{net::SocketAddr, process::Output};

use customers::store::Database;
use sea_orm::ConnectionTrait;
use tempfile::TempDir;
use tokio::process::Command;

use crate::server::Server;

async fn serve(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_customers");
    Command::new(program).arg("serve").args(arguments).env_clear().output().await.expect("the program runs")
}

fn sqlite(directory: &TempDir) -> String {
    format!("sqlite://{}?mode=rwc", directory.path().join("test.db").display())
}

fn said(output: &Output) -> String {
    assert!(!output.status.success(), "it started");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_running_server_is_live_and_ready() {
    let server = Server::start().await;

    assert_eq!(server.get("/health/live", "*/*").await.status(), 200);
    assert_eq!(server.get("/health/ready", "*/*").await.status(), 200);
}

#[tokio::test]
async fn it_does_not_start_where_others_could_reach_it() {
    let output = serve(&["--listen", "0.0.0.0:0"]).await;

    assert!(said(&output).contains("loopback"), "{output:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let server = Server::start().await;
    let directory = tempfile::tempdir().expect("a directory");
    let SocketAddr::V4(address) = server.address else { panic!("an address of version 4") };

    let output = serve(&["--listen", &address.to_string(), "--database", &sqlite(&directory)]).await;

    assert!(said(&output).contains("another program listens there"), "{output:?}");
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_is_told_without_its_password() {
    let output = serve(&["--listen", "127.0.0.1:0", "--database", "postgres://u:hidden@127.0.0.1:1/x"]).await;

    let said = said(&output);
    assert!(said.contains("could not reach the database"), "{said}");
    assert!(!said.contains("hidden"), "{said}");
}

#[tokio::test]
async fn a_database_newer_than_the_program_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = Database::connect(&sqlite(&directory)).await.expect("a database");
    database.migrate().await.expect("the schema");
    let newer = "insert into seaql_migrations (version, applied_at) values ('m29990101_000001_future', 0)";
    database.writer().execute_unprepared(newer).await.expect("a migration of the future");

    let output = serve(&["--listen", "127.0.0.1:0", "--database", &sqlite(&directory)]).await;

    assert!(said(&output).contains("newer than this program"), "{output:?}");
}

#[tokio::test]
async fn a_store_keeps_the_currency_it_was_made_with() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = env!("CARGO_BIN_EXE_customers");
    let seed = ["seed", "--customers", "1", "--database", &sqlite(&directory)];
    let made = Command::new(program).args(seed).env_clear().status().await.expect("the program runs");
    assert!(made.success());

    let output = serve(&["--listen", "127.0.0.1:0", "--currency", "EUR", "--database", &sqlite(&directory)]).await;

    let said = said(&output);
    assert!(said.contains("USD") && said.contains("EUR"), "{said}");
}

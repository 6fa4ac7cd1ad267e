//! Mutations that clients may repeat.

use customers::{
    clock::Clock,
    idempotency::{self, KEPT},
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{server::Server, socket::Socket};

const CREATE: &str = "mutation ($name: String!) {
    customerCreate(input: { name: $name }) { customer { id name version } userErrors { code message } }
}";

impl Server {
    /// Sends a request under an idempotency key.
    async fn once(&self, key: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let request = reqwest::Client::new().post(self.url("/graphql")).header("idempotency-key", key).json(&body);
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn count(&self) -> Value {
        self.query("{ customers { totalCount } }").await["customers"]["totalCount"].take()
    }
}

#[tokio::test]
async fn a_repeated_request_is_answered_as_the_first_and_changes_nothing() {
    let server = Server::start().await;

    let first = server.once("k-1", CREATE, json!({ "name": "Jane" })).await;
    let id = &first["data"]["customerCreate"]["customer"]["id"];
    let rename =
        format!("mutation {{ customerUpdate(input: {{ id: {id}, name: \"Joan\" }}) {{ customer {{ name }} }} }}");
    server.query(&rename).await;
    let again = server.once("\"k-1\"", CREATE, json!({ "name": "Jane" })).await;

    assert!(id.is_string(), "{first}");
    assert_eq!(again, first);
    assert_eq!(server.count().await, 1);
}

#[tokio::test]
async fn a_key_that_was_used_for_another_request_is_refused() {
    let server = Server::start().await;
    server.once("k-1", CREATE, json!({ "name": "Jane" })).await;

    let other = server.once("k-1", CREATE, json!({ "name": "John" })).await;

    assert_eq!(other["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
    let message = other["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("was used for another request"), "{message}");
    assert_eq!(server.count().await, 1);
}

#[tokio::test]
async fn of_concurrent_duplicates_one_takes_place_and_all_are_answered_alike() {
    let server = Server::start().await;
    let two = "mutation {
        a: customerCreate(input: { name: \"A\" }) { customer { id } userErrors { message } }
        b: customerCreate(input: { name: \"B\" }) { customer { id } userErrors { message } }
    }";

    let answers = join_all((0..8).map(|_| server.once("k-1", two, json!({})))).await;

    assert!(answers[0]["data"]["b"]["customer"]["id"].is_string(), "{}", answers[0]);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(server.count().await, 2);
}

#[tokio::test]
async fn a_refusal_is_repeated_even_when_the_reason_is_gone() {
    let server = Server::start().await;
    let create = "mutation { customerCreate(input: { name: \"Jane\", externalId: \"1\" }) {
        customer { id } userErrors { code field } } }";
    let first = server.query(create).await;
    let refused = server.once("k-1", create, json!({})).await;
    let id = &first["customerCreate"]["customer"]["id"];
    server
        .query(&format!(
            "mutation {{ customerUpdate(input: {{ id: {id}, externalId: null }}) {{ customer {{ id }} }} }}"
        ))
        .await;

    let again = server.once("k-1", create, json!({})).await;

    assert_eq!(
        refused["data"]["customerCreate"],
        json!({ "customer": null, "userErrors": [{ "code": "TAKEN", "field": ["input", "externalId"] }] })
    );
    assert_eq!(again, refused);
    assert_eq!(server.count().await, 1);
}

#[tokio::test]
async fn a_key_holds_over_a_socket_too() {
    let server = Server::start().await;
    let first = server.once("k-1", CREATE, json!({ "name": "Jane" })).await;
    let mut socket = Socket::start(&server).await;
    let payload = json!({
        "query": CREATE,
        "variables": { "name": "Jane" },
        "extensions": { "idempotencyKey": "k-1" },
    });

    socket.say(&json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    let next = socket.hear().await;

    assert_eq!(next["payload"], first);
    assert_eq!(server.count().await, 1);
}

#[tokio::test]
async fn a_key_must_be_printable_and_short() {
    let server = Server::start().await;
    let long = "k".repeat(256);

    for key in ["\"\"", "a b", &long] {
        let answer = server.once(key, CREATE, json!({ "name": "Jane" })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{key}: {answer}");
    }
    assert_eq!(server.count().await, 0);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let server = Server::start().await;
    let mut app = server.app.clone();
    server.once("k-1", CREATE, json!({ "name": "Jane" })).await;

    assert_eq!(idempotency::forget(&app).await.expect("the database"), 0);
    app.clock = Clock::Fixed(Clock::System.now() + KEPT + chrono::TimeDelta::seconds(1));
    assert_eq!(idempotency::forget(&app).await.expect("the database"), 2);
    let again = server.once("k-1", CREATE, json!({ "name": "John" })).await;

    assert_eq!(again["data"]["customerCreate"]["customer"]["name"], "John");
    assert_eq!(server.count().await, 2);
}

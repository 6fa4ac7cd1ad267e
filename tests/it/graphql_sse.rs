//! GraphQL over server-sent events, in "distinct connections mode".

use std::time::Duration;

use customers::event::Cursor;
use entity::event::EventType;
use reqwest::{
    Client, RequestBuilder, Response,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::{given::tale, server::Server};

const STREAM: &str = "text/event-stream";
const EVENTS: &str = "subscription ($after: String) { customerEvents(after: $after) { cursor } }";

/// An event of a stream.
#[derive(Debug, Default, PartialEq)]
struct Event {
    name: String,
    id: String,
    data: Value,
}

/// A stream that is being read.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn open(request: RequestBuilder) -> Self {
        let response = request.header(ACCEPT, STREAM).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], STREAM);
        Self { response, text: String::new() }
    }

    /// The next event; None at the end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event = self.text.drain(..end + 2).collect::<String>();
                return Some(read(event.trim_end()));
            }
            let chunk = timeout(Duration::from_secs(30), self.response.chunk()).await.expect("something comes");
            self.text += std::str::from_utf8(&chunk.expect("a chunk")?).expect("a text");
        }
    }

    async fn cursor(&mut self) -> Value {
        let mut event = self.next().await.expect("an event");
        let cursor = event.data["data"]["customerEvents"]["cursor"].take();
        assert_eq!(json!(event.id), cursor, "{event:?}");
        cursor
    }
}

fn read(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.lines() {
        match line.split_once(':').expect("a field") {
            ("event", name) => event.name += name.trim(),
            ("id", id) => event.id += id.trim(),
            ("data", "") => {}
            ("data", data) => event.data = serde_json::from_str(data).expect("JSON"),
            other => panic!("{other:?}"),
        }
    }
    event
}

fn post(server: &Server, query: &str, variables: &Value) -> RequestBuilder {
    Client::new().post(server.url("/graphql")).json(&json!({ "query": query, "variables": variables }))
}

fn get(server: &Server, query: &str) -> RequestBuilder {
    let url = reqwest::Url::parse_with_params(&server.url("/graphql"), [("query", query)]).expect("a URL");
    Client::new().get(url)
}

#[tokio::test]
async fn a_subscription_is_a_stream_of_events_with_their_cursors() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    server.tell(&vec![tale(EventType::CustomerUpdated, jane); 3]).await;
    let streams = [
        post(&server, EVENTS, &json!({ "after": "event-1" })),
        get(&server, &EVENTS.replace("$after)", "\"event-1\")").replace(" ($after: String)", "")),
    ];

    for stream in streams {
        let mut events = Events::open(stream).await;
        server.tell(&[tale(EventType::CustomerUpdated, jane)]).await;

        for position in 2..5 {
            assert_eq!(events.cursor().await, Cursor(position).to_string());
        }
    }
}

#[tokio::test]
async fn the_last_event_that_a_browser_has_seen_takes_the_place_of_after() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    server.tell(&vec![tale(EventType::CustomerUpdated, jane); 4]).await;

    let request = post(&server, EVENTS, &json!({ "after": "event-0" })).header("Last-Event-ID", "event-2");
    let mut events = Events::open(request).await;

    assert_eq!(events.cursor().await, "event-3");
    assert_eq!(events.cursor().await, "event-4");
    for (id, said) in [("x", "expected the cursor"), ("event-9", "beyond the end")] {
        let request = post(&server, EVENTS, &json!({})).header("Last-Event-ID", id);
        let error = Events::open(request).await.next().await.expect("an event");
        let message = error.data["errors"][0]["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with("Last-Event-ID: ") && message.contains(said), "{message}");
    }
}

#[tokio::test]
async fn a_query_is_one_result_and_complete() {
    let server = Server::start().await;

    for request in [post(&server, "{ __typename }", &json!({})), get(&server, "{ __typename }")] {
        let mut events = Events::open(request).await;

        let next = events.next().await.expect("a result");
        assert_eq!((next.name.as_str(), next.data), ("next", json!({ "data": { "__typename": "Query" } })));
        let complete = events.next().await.expect("an end");
        assert_eq!((complete.name.as_str(), complete.data), ("complete", Value::Null));
        assert_eq!(events.next().await, None);
    }
}

#[tokio::test]
async fn a_document_that_is_wrong_is_told_of_by_a_stream() {
    let server = Server::start().await;
    let documents = [
        "{",
        "{ nothing }",
        "subscription { nothing }",
        "subscription { customerEvents(after: \"x\") { cursor } }",
        "query ($id: ID!) { customer(id: $id) { id } }",
    ];

    for document in documents {
        let mut events = Events::open(post(&server, document, &json!({}))).await;

        let next = events.next().await.expect("a result");
        assert_eq!(next.data["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{document}");
        assert!(next.data.get("data").is_none(), "{document}");
        assert_eq!(events.next().await.expect("an end").name, "complete", "{document}");
    }
}

#[tokio::test]
async fn a_stream_is_sent_when_it_is_wanted_most_or_alone_can_answer() {
    let server = Server::start().await;
    let json = "application/json";
    let cases = [
        ("{ __typename }", "text/event-stream", 200, STREAM),
        ("{ __typename }", "text/event-stream, application/json;q=0.9", 200, STREAM),
        ("{ __typename }", "application/json, text/event-stream", 200, json),
        ("{ __typename }", "*/*", 200, json),
        (
            EVENTS,
            "application/graphql-response+json, application/json, text/event-stream, multipart/mixed",
            200,
            STREAM,
        ),
        (EVENTS, "application/json", 406, json),
        (EVENTS, "*/*", 406, json),
    ];

    for (query, accept, status, media_type) in cases {
        let response = post(&server, query, &json!({})).header(ACCEPT, accept).send().await.expect("an answer");

        assert_eq!(response.status(), status, "{accept}");
        assert_eq!(response.headers()[CONTENT_TYPE], media_type, "{accept}");
        if status == 406 {
            let answer: Value = response.json().await.expect("JSON");
            let message = answer["errors"][0]["message"].as_str().expect("a message").to_owned();
            assert!(message.contains(STREAM) && message.contains("graphql-transport-ws"), "{message}");
        }
    }
}

#[tokio::test]
async fn what_is_no_request_or_changes_something_by_get_is_refused_outright() {
    let server = Server::start().await;
    let cases = [
        (Client::new().post(server.url("/graphql")).json(&json!({})), 400),
        (Client::new().post(server.url("/graphql")).body("{ __typename }"), 415),
        (get(&server, "mutation { __typename }"), 405),
    ];

    for (request, status) in cases {
        let response = request.header(ACCEPT, STREAM).send().await.expect("an answer");

        assert_eq!(response.status(), status);
    }
}

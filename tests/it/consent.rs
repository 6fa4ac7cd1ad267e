//! What customers allow, and how it is known.

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const FACTS: &str =
    "consent { id channel purpose state wordingVersion source decidedAt customer { emailOptIn smsOptIn version } }";

async fn record(server: &Server, customer: &Value, facts: Value) -> Value {
    let mut input = json!({ "customer": customer, "channel": "EMAIL", "purpose": "MARKETING", "source": "form" });
    for (field, value) in facts.as_object().expect("facts") {
        input[field] = value.clone();
    }
    server.mutate("consentRecord", input, FACTS).await
}

/// The log of a customer, the latest first.
async fn log(server: &Server, customer: &Value) -> Value {
    let query = format!("{{ customer(id: {customer}) {{ consents {{ nodes {{ channel state source }} }} }} }}");
    server.query(&query).await["customer"]["consents"]["nodes"].take()
}

#[tokio::test]
async fn the_latest_decision_about_marketing_holds() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    // What is recorded, and what of the two channels is allowed then.
    let cases = [
        (json!({ "state": "GRANTED", "at": "2026-03-01T00:00:00Z" }), (true, false)),
        (json!({ "state": "WITHDRAWN", "at": "2026-02-01T00:00:00Z" }), (true, false)),
        (json!({ "state": "WITHDRAWN", "purpose": "TRANSACTIONAL" }), (true, false)),
        (json!({ "state": "GRANTED", "channel": "SMS" }), (true, true)),
        (json!({ "state": "WITHDRAWN", "at": "2026-03-01T00:00:00Z" }), (false, true)),
        (json!({ "state": "GRANTED", "at": "2026-03-01T00:00:00Z" }), (true, true)),
        (json!({ "state": "WITHDRAWN" }), (false, true)),
        (json!({ "state": "GRANTED", "at": "2026-04-01" }), (false, true)),
    ];

    for (facts, (email, sms)) in cases {
        let payload = record(&server, &customer, facts.clone()).await;
        let expected = json!({ "emailOptIn": email, "smsOptIn": sms, "version": 1 });
        assert_eq!(payload["consent"]["customer"], expected, "{facts}: {payload}");
    }
    let filter = json!({ "emailOptIn": { "eq": false }, "smsOptIn": { "eq": true } });
    assert_eq!(server.found(&filter).await, std::slice::from_ref(&customer));
    let events = server.events_of(&customer).await;
    let told: Vec<_> = events.iter().filter(|event| event.starts_with("CUSTOMER_UPDATED")).collect();
    let expected = [
        "consents emailOptIn",
        "consents",
        "consents",
        "consents smsOptIn",
        "consents emailOptIn",
        "consents emailOptIn",
        "consents emailOptIn",
        "consents",
    ];
    assert_eq!(told, expected.map(|fields| format!("CUSTOMER_UPDATED {fields}")).iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_decision_is_a_node_that_says_how_it_is_known() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let facts = json!({ "state": "GRANTED", "wordingVersion": " 2026-01 ", "at": "2026-03-01T10:00:00+02:00" });

    let payload = record(&server, &customer, facts).await;

    let id = payload["consent"]["id"].as_str().expect("an id");
    let document = server.get_json(id, "application/ld+json").await;
    for (term, value) in [
        ("state", json!("GRANTED")),
        ("wordingVersion", json!("2026-01")),
        ("source", json!("form")),
        ("decidedAt", json!("2026-03-01T08:00:00Z")),
        ("customer", customer),
    ] {
        assert_eq!(document[term], value, "{term}: {document}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let soon = (Utc::now() + TimeDelta::minutes(1)).format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let events = server.events_of(&customer).await;

    let facts = json!({ "state": "GRANTED", "at": soon, "source": "s".repeat(201), "wordingVersion": "w".repeat(101) });
    let payload = record(&server, &customer, facts).await;
    let nobody = json!(server.url(&format!("/customers/{}", uuid::Uuid::nil())));
    let nobody = record(&server, &nobody, json!({ "state": "GRANTED" })).await;

    let expected = ["source", "wordingVersion", "at"].map(|field| ("INVALID".to_owned(), format!("input.{field}")));
    assert_eq!(user_errors(&payload), expected);
    assert_eq!(user_errors(&nobody), [("NOT_FOUND".to_owned(), "input.customer".to_owned())]);
    assert_eq!(log(&server, &customer).await, json!([]));
    assert_eq!(server.events_of(&customer).await, events);
}

#[tokio::test]
async fn an_opt_in_that_changes_enters_the_log() {
    let server = Server::start().await;
    let input = json!({ "name": "Jane", "emailOptIn": true, "smsOptIn": false });
    let payload = server.mutate("customerCreate", input, "customer { id }").await;
    let customer = payload["customer"]["id"].clone();
    let edit = async |facts: Value| {
        let mut input = json!({ "id": customer });
        for (field, value) in facts.as_object().expect("facts") {
            input[field] = value.clone();
        }
        let payload = server.mutate("customerUpdate", input, "customer { version }").await;
        payload["customer"]["version"].clone()
    };
    let entry =
        |channel: &str, state: &str, source: &str| json!({ "channel": channel, "state": state, "source": source });
    let granted = entry("EMAIL", "GRANTED", "customerCreate");

    assert_eq!(log(&server, &customer).await, json!([granted]));
    assert_eq!(edit(json!({ "emailOptIn": true })).await, 1);
    assert_eq!(edit(json!({ "emailOptIn": false })).await, 2);
    assert_eq!(edit(json!({ "smsOptIn": true, "emailOptIn": false })).await, 3);

    let expected = [entry("SMS", "GRANTED", "customerUpdate"), entry("EMAIL", "WITHDRAWN", "customerUpdate"), granted];
    assert_eq!(log(&server, &customer).await, json!(expected));
    let events = server.events_of(&customer).await;
    assert_eq!(
        events[events.len() - 3..],
        // The second: off the marketing list.
        ["CUSTOMER_UPDATED emailOptIn consents", "SEGMENT_LEFT", "CUSTOMER_UPDATED smsOptIn consents"]
    );
}

#[tokio::test]
async fn whoever_is_seeded_with_an_opt_in_gave_consent() {
    let server = Server::start().await;
    let options = customers::config::SeedOptions { customers: 60, orders_per_customer: 0, random_seed: 5 };
    customers::seed::run(&server.app, &options, &customers::progress::Progress::silent()).await.expect("customers");
    let granted = |channel: &str| json!({ "consents": { "some": { "channel": { "eq": channel }, "state": { "eq": "GRANTED" } } } });

    for (channel, field) in [("EMAIL", "emailOptIn"), ("SMS", "smsOptIn")] {
        let allowed = server.found(&json!({ field: { "eq": true } })).await;
        assert!(!allowed.is_empty());
        assert_eq!(server.found(&granted(channel)).await, allowed);
    }
}

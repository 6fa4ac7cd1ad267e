//! Making, editing and deleting segments, and choosing their members.

use customers::job::settling::settle_new;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const SEGMENT: &str = "segment { id name handle description kind isBuiltIn version updatedAt }";

async fn written(server: &Server, field: &str, input: Value) -> Value {
    let mut payload = server.mutate(field, input.clone(), SEGMENT).await;
    assert_eq!(payload["userErrors"], json!([]), "{input}");
    payload["segment"].take()
}

async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let selection = if field == "segmentDelete" { "deletedId" } else { "segment { id }" };
    let payload = server.mutate(field, input.clone(), selection).await;
    assert!(payload["segment"].is_null() && payload["deletedId"].is_null(), "{input}");
    user_errors(&payload)
}

fn told(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    errors.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

async fn members(server: &Server, segment: &Value) -> Vec<Value> {
    let query = format!("{{ segment(id: {segment}) {{ customers {{ nodes {{ name }} }} }} }}");
    let data = server.query(&query).await;
    let nodes = data["segment"]["customers"]["nodes"].as_array().expect("nodes");
    let mut names: Vec<_> = nodes.iter().map(|node| node["name"].clone()).collect();
    names.sort_by_key(ToString::to_string);
    names
}

async fn built_in(server: &Server) -> Value {
    let query = "{ segments(where: { handle: { eq: \"spend-basic\" } }) { nodes { id } } }";
    server.query(query).await["segments"]["nodes"][0]["id"].take()
}

#[tokio::test]
async fn a_segment_is_made_and_edited() {
    let server = Server::start().await;

    let made = written(&server, "segmentCreate", json!({ "name": " Big Spenders " })).await;
    let same = json!({ "id": made["id"], "name": "Big Spenders", "description": null });
    let same = written(&server, "segmentUpdate", same).await;
    let edit =
        json!({ "id": made["id"], "name": "Whales", "handle": "whales", "description": "Big.", "expectedVersion": 1 });
    let edited = written(&server, "segmentUpdate", edit).await;

    let expected = json!({
        "id": made["id"], "name": "Big Spenders", "handle": "big-spenders", "description": null, "kind": "STATIC",
        "isBuiltIn": false, "version": 1, "updatedAt": made["updatedAt"],
    });
    assert_eq!(made, expected);
    assert_eq!(same, made);
    let expected = json!({
        "id": made["id"], "name": "Whales", "handle": "whales", "description": "Big.", "kind": "STATIC",
        "isBuiltIn": false, "version": 2, "updatedAt": edited["updatedAt"],
    });
    assert_eq!(edited, expected);
}

#[tokio::test]
async fn customers_enter_and_leave_by_hand_and_only_moves_are_told() {
    let server = Server::start().await;
    let (jane, john) = (server.enter("Jane").await, server.enter("John").await);
    let segment = written(&server, "segmentCreate", json!({ "name": "Press" })).await["id"].take();
    let known = server.events_of(&jane).await.len();

    written(&server, "segmentMembersAdd", json!({ "segment": segment, "customers": [jane] })).await;
    let both = json!({ "segment": segment, "customers": [john, jane, jane] });
    written(&server, "segmentMembersAdd", both.clone()).await;
    assert_eq!(members(&server, &segment).await, ["Jane", "John"]);
    // Nothing that happens to a customer makes them leave it.
    server.purchase(&jane, "1").await;
    written(&server, "segmentMembersRemove", json!({ "segment": segment, "customers": [john] })).await;
    let after = written(&server, "segmentMembersRemove", both).await;

    assert_eq!(members(&server, &segment).await, Vec::<Value>::new());
    assert_eq!(after["version"], 1);
    let moves =
        |events: Vec<String>| events.into_iter().filter(|event| event.starts_with("SEGMENT")).collect::<Vec<_>>();
    // The second: by buying something Jane is an active customer.
    assert_eq!(moves(server.events_since(&jane, known).await), ["SEGMENT_ENTERED", "SEGMENT_ENTERED", "SEGMENT_LEFT"]);
    assert_eq!(moves(server.events_since(&john, known).await), ["SEGMENT_ENTERED", "SEGMENT_LEFT"]);
}

#[tokio::test]
async fn members_leave_a_segment_that_is_deleted() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let segment = written(&server, "segmentCreate", json!({ "name": "Press" })).await["id"].take();
    written(&server, "segmentMembersAdd", json!({ "segment": segment, "customers": [jane] })).await;
    let known = server.events_of(&jane).await.len();

    let gone = server.mutate("segmentDelete", json!({ "id": segment }), "deletedId").await;
    settle_new(&server.app).await.expect("members");

    assert_eq!(gone, json!({ "deletedId": segment, "userErrors": [] }));
    assert_eq!(server.events_since(&jane, known).await, ["SEGMENT_LEFT"]);
    assert_eq!(server.query(&format!("{{ segment(id: {segment}) {{ id }} }}")).await["segment"], Value::Null);
    assert_eq!(refused(&server, "segmentDelete", json!({ "id": segment })).await, told(&[("NOT_FOUND", "input.id")]));
    let input = json!({ "segment": segment, "customers": [jane] });
    assert_eq!(refused(&server, "segmentMembersAdd", input).await, told(&[("NOT_FOUND", "input.segment")]));
}

#[tokio::test]
async fn what_the_rules_refuse_changes_nothing() {
    let server = Server::start().await;
    let (jane, john) = (server.enter("Jane").await, server.enter("John").await);
    server.mutate("customerDelete", json!({ "id": john }), "deletedId").await;
    let basic = built_in(&server).await;
    let press = written(&server, "segmentCreate", json!({ "name": "Press" })).await["id"].take();
    let known = server.events_of(&jane).await.len();
    let nobody = server.url("/customers/00000000-0000-0000-0000-000000000000");
    let cases = [
        ("segmentCreate", json!({ "name": "press" }), &[("TAKEN", "input.handle")][..]),
        ("segmentCreate", json!({ "name": "報道" }), &[("REQUIRED", "input.handle")]),
        (
            "segmentCreate",
            json!({ "name": "", "handle": "A b" }),
            &[("REQUIRED", "input.name"), ("INVALID", "input.handle")],
        ),
        (
            "segmentUpdate",
            json!({ "id": press, "name": null, "handle": "spend-basic" }),
            &[("REQUIRED", "input.name"), ("TAKEN", "input.handle")],
        ),
        ("segmentUpdate", json!({ "id": press, "expectedVersion": 3 }), &[("CONFLICT", "input.expectedVersion")]),
        ("segmentUpdate", json!({ "id": basic, "handle": "basic" }), &[("NOT_ALLOWED", "input.handle")]),
        ("segmentDelete", json!({ "id": basic }), &[("NOT_ALLOWED", "input.id")]),
        (
            "segmentMembersAdd",
            json!({ "segment": press, "customers": [jane, nobody, john] }),
            &[("NOT_FOUND", "input.customers.1"), ("NOT_FOUND", "input.customers.2")],
        ),
        (
            "segmentMembersAdd",
            json!({ "segment": press, "customers": vec![&jane; 251] }),
            &[("INVALID", "input.customers")],
        ),
        ("segmentMembersAdd", json!({ "segment": basic, "customers": [jane] }), &[("NOT_ALLOWED", "input.segment")]),
        ("segmentMembersRemove", json!({ "segment": basic, "customers": [jane] }), &[("NOT_ALLOWED", "input.segment")]),
    ];

    for (field, input, expected) in cases {
        assert_eq!(refused(&server, field, input.clone()).await, told(expected), "{field} {input}");
    }
    assert_eq!(members(&server, &press).await, Vec::<Value>::new());
    assert_eq!(server.events_of(&jane).await.len(), known);
}

#[tokio::test]
async fn parallel_calls_in_any_order_tell_of_each_move_once() {
    let server = Server::start().await;
    let mut customers = Vec::new();
    for index in 0..12 {
        customers.push(server.enter(&format!("Customer {index}")).await);
    }
    let segment = written(&server, "segmentCreate", json!({ "name": "Press" })).await["id"].take();
    let known = server.events_of(&customers[0]).await.len();
    let backwards: Vec<_> = customers.iter().rev().collect();

    let calls = (0..8).map(|index| {
        let customers = if index % 2 == 0 { json!(customers) } else { json!(backwards) };
        written(&server, "segmentMembersAdd", json!({ "segment": segment, "customers": customers }))
    });
    join_all(calls).await;

    assert_eq!(members(&server, &segment).await.len(), 12);
    for customer in &customers {
        assert_eq!(server.events_since(customer, known).await, ["SEGMENT_ENTERED"]);
    }
}

//! Entering or changing whoever has a key.

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    customer_writes::{refused, told, written},
    server::Server,
};

#[tokio::test]
async fn an_upsert_enters_or_changes_whoever_has_the_key() {
    let server = Server::start().await;
    let by_email = json!({ "email": "Jane@example.org" });

    let entered = written(&server, "customerUpsert", json!({ "key": by_email, "name": "Jane", "tags": ["a"] })).await;
    let input = json!({ "key": { "email": "JANE@EXAMPLE.ORG" }, "timezone": "UTC", "externalId": "crm-1" });
    let changed = written(&server, "customerUpsert", input).await;
    let same = written(&server, "customerUpsert", json!({ "key": { "externalId": "crm-1" }, "name": "Jane" })).await;
    let other = written(&server, "customerUpsert", json!({ "key": { "externalId": "crm-2" }, "name": "John" })).await;

    assert_eq!(entered["email"], "Jane@example.org");
    assert_eq!((&changed["id"], &changed["version"], &changed["timezone"]), (&entered["id"], &json!(2), &json!("UTC")));
    assert_eq!(changed["email"], "Jane@example.org");
    assert_eq!(same, changed);
    assert_eq!((&other["externalId"], other["id"] == entered["id"]), (&json!("crm-2"), false));
}

#[tokio::test]
async fn an_upsert_refuses_what_contradicts_its_key() {
    let server = Server::start().await;
    let jane = written(&server, "customerCreate", json!({ "name": "Jane", "externalId": "crm-1" })).await;
    server.mutate("customerDelete", json!({ "id": jane["id"] }), "deletedId").await;
    let cases = [
        (json!({ "key": { "email": "a@example.org" }, "email": "b@example.org" }), "INVALID", "input.email"),
        (json!({ "key": { "externalId": "a" }, "externalId": null }), "INVALID", "input.externalId"),
        (json!({ "key": { "email": "nobody" }, "name": "N" }), "INVALID", "input.email"),
        (json!({ "key": { "externalId": "new" } }), "REQUIRED", "input.name"),
        (json!({ "key": { "externalId": "crm-1" }, "name": "Jane" }), "NOT_ALLOWED", "input.key"),
    ];

    for (input, code, path) in cases {
        assert_eq!(refused(&server, "customerUpsert", input.clone()).await, told(code, path), "{input}");
    }
}

#[tokio::test]
async fn upserts_of_one_key_at_once_make_one_customer() {
    let server = Server::start().await;
    for key in [json!({ "email": "jane@example.org" }), json!({ "externalId": "crm-1" })] {
        let upsert = async |number: usize| {
            let input = json!({ "key": key, "name": "Jane", "tags": [number.to_string()] });
            written(&server, "customerUpsert", input).await["id"].take()
        };

        let ids = join_all((0..8).map(upsert)).await;

        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
        let events = server.events_of(&ids[0]).await;
        assert_eq!(events.iter().filter(|event| *event == "CUSTOMER_CREATED").count(), 1, "{events:?}");
        assert_eq!(events.iter().filter(|event| *event == "CUSTOMER_TAGGED tags").count(), 8, "{events:?}");
    }
    assert_eq!(server.found(&json!({})).await.len(), 2);
}

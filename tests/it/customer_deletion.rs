//! Deleting customers, and restoring them.

use serde_json::json;

use crate::{
    customer_writes::{jane, refused, told, written},
    server::{Server, user_errors},
};

#[tokio::test]
async fn a_deleted_customer_is_gone_until_restored() {
    let server = Server::start().await;
    let jane = jane(&server).await;
    let id = &jane["id"];

    let payload = server.mutate("customerDelete", json!({ "id": id }), "deletedId").await;
    assert_eq!(payload, json!({ "deletedId": id, "userErrors": [] }));
    assert!(server.found(&json!({})).await.is_empty());
    let segments = server.query("{ segments { nodes { customers { totalCount } } } }").await;
    assert!(
        segments["segments"]["nodes"].as_array().expect("nodes").iter().all(|it| it["customers"]["totalCount"] == 0)
    );
    for (field, input) in [
        ("customerUpdate", json!({ "id": id, "name": "Joan" })),
        ("customerTagsAdd", json!({ "id": id, "tags": ["a"] })),
        ("customerTagsRemove", json!({ "id": id, "tags": ["a"] })),
    ] {
        assert_eq!(refused(&server, field, input).await, told("NOT_FOUND", "input.id"), "{field}");
    }
    let payload = server.mutate("customerDelete", json!({ "id": id }), "deletedId").await;
    assert_eq!(user_errors(&payload), told("NOT_FOUND", "input.id"));

    let restored = written(&server, "customerRestore", json!({ "id": id })).await;
    let again = written(&server, "customerRestore", json!({ "id": id })).await;

    assert_eq!((&restored["name"], &restored["version"]), (&json!("Jane"), &json!(3)));
    assert_eq!(again, restored);
    assert_eq!(server.found(&json!({ "email": { "eq": "jane@example.org" } })).await, std::slice::from_ref(id));
    let events = server.events_of(id).await;
    let of_customer: Vec<_> = events.iter().filter(|event| !event.starts_with("SEGMENT")).collect();
    assert_eq!(of_customer, ["CUSTOMER_CREATED", "CUSTOMER_ENROLLED", "CUSTOMER_DELETED", "CUSTOMER_RESTORED"]);
    let count = |kind: &str| events.iter().filter(|event| event.starts_with(kind)).count();
    assert_eq!(count("SEGMENT_ENTERED"), 2 * count("SEGMENT_LEFT"), "{events:?}");
    assert!(count("SEGMENT_LEFT") > 0);
}

#[tokio::test]
async fn the_address_of_a_deleted_customer_is_free() {
    let server = Server::start().await;
    let first = jane(&server).await;
    server.mutate("customerDelete", json!({ "id": first["id"] }), "deletedId").await;

    let second = jane(&server).await;
    let taken = refused(&server, "customerRestore", json!({ "id": first["id"] })).await;
    written(&server, "customerUpdate", json!({ "id": second["id"], "email": null })).await;
    let restored = written(&server, "customerRestore", json!({ "id": first["id"] })).await;

    assert_eq!(taken, told("TAKEN", "input.id"));
    assert_eq!(restored["email"], "jane@example.org");
}

#[tokio::test]
async fn the_external_id_of_a_deleted_customer_is_not_free() {
    let server = Server::start().await;
    let first = written(&server, "customerCreate", json!({ "name": "Jane", "externalId": "crm-1" })).await;
    server.mutate("customerDelete", json!({ "id": first["id"] }), "deletedId").await;

    let errors = refused(&server, "customerCreate", json!({ "name": "Jane", "externalId": "crm-1" })).await;

    assert_eq!(errors, told("TAKEN", "input.externalId"));
}

//! Contact points of customers.

use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const FACTS: &str = "contact { id name contactType email telephone telephoneE164 faxNumber version customer { id } }";

async fn written(server: &Server, field: &str, input: Value) -> Value {
    let mut payload = server.mutate(field, input, FACTS).await;
    assert_eq!(payload["userErrors"], json!([]), "{field}");
    payload["contact"].take()
}

async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate(field, input, FACTS).await;
    assert_eq!(payload["contact"], Value::Null, "{field}");
    user_errors(&payload)
}

#[tokio::test]
async fn a_contact_is_what_was_said_of_it() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;

    let contact = written(
        &server,
        "contactAdd",
        json!({
            "customer": customer, "name": "Ann", "contactType": "billing", "email": "Ann@example.org",
            "telephone": "+49 30 2312550", "faxNumber": "030 1",
        }),
    )
    .await;

    let expected = json!({
        "id": contact["id"], "name": "Ann", "contactType": "billing", "email": "Ann@example.org",
        "telephone": "+49 30 2312550", "telephoneE164": "+49302312550", "faxNumber": "030 1", "version": 1,
        "customer": { "id": customer },
    });
    assert_eq!(contact, expected);
    let filter = json!({ "contacts": { "some": { "telephoneE164": { "eq": "+49302312550" } } } });
    assert_eq!(server.found(&filter).await, std::slice::from_ref(&customer));
    assert_eq!(server.events_of(&customer).await.pop().as_deref(), Some("CUSTOMER_UPDATED contacts"));
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let input = json!({
        "customer": customer, "name": "x".repeat(201), "contactType": "y".repeat(101), "email": "ann@",
        "telephone": "+49", "faxNumber": "none",
    });

    let errors = refused(&server, "contactAdd", input).await;
    let empty = refused(&server, "contactAdd", json!({ "customer": customer, "contactType": "billing" })).await;

    let expected = ["name", "contactType", "email", "telephone", "faxNumber"];
    assert_eq!(errors, expected.map(|field| ("INVALID".to_owned(), format!("input.{field}"))));
    assert_eq!(empty, [("REQUIRED".to_owned(), "input".to_owned())]);
}

#[tokio::test]
async fn null_clears_and_what_is_absent_stays() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let input = json!({ "customer": customer, "name": "Ann", "telephone": "+49 30 2312550" });
    let before = written(&server, "contactAdd", input).await;
    let events = server.events_of(&customer).await;

    let same = written(&server, "contactUpdate", json!({ "id": before["id"], "name": "Ann ", "email": null })).await;
    assert_eq!(same, before);
    assert_eq!(server.events_of(&customer).await, events);
    let edit = json!({ "id": before["id"], "telephone": null, "expectedVersion": 1 });
    let after = written(&server, "contactUpdate", edit.clone()).await;
    let conflict = refused(&server, "contactUpdate", edit).await;
    let last = refused(&server, "contactUpdate", json!({ "id": before["id"], "name": null })).await;

    let mut expected = before.clone();
    (expected["telephone"], expected["telephoneE164"], expected["version"]) = (Value::Null, Value::Null, json!(2));
    assert_eq!(after, expected);
    assert_eq!(conflict, [("CONFLICT".to_owned(), "input.expectedVersion".to_owned())]);
    assert_eq!(last, [("REQUIRED".to_owned(), "input".to_owned())]);
    assert_eq!(server.events_of(&customer).await[events.len()..], ["CUSTOMER_UPDATED contacts"]);
}

#[tokio::test]
async fn a_contact_is_removed_for_good() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let contact = written(&server, "contactAdd", json!({ "customer": customer, "name": "Ann" })).await;
    let input = json!({ "id": contact["id"] });

    let payload = server.mutate("contactRemove", input.clone(), "deletedId").await;
    let again = server.mutate("contactRemove", input.clone(), "deletedId").await;
    let update = refused(&server, "contactUpdate", input).await;

    assert_eq!(payload, json!({ "deletedId": contact["id"], "userErrors": [] }));
    assert_eq!(user_errors(&again), [("NOT_FOUND".to_owned(), "input.id".to_owned())]);
    assert_eq!(update, user_errors(&again));
    assert_eq!(server.events_of(&customer).await.pop().as_deref(), Some("CUSTOMER_UPDATED contacts"));
    let query = format!("{{ customer(id: {customer}) {{ version contacts {{ totalCount }} }} }}");
    assert_eq!(server.query(&query).await["customer"], json!({ "version": 1, "contacts": { "totalCount": 0 } }));
}

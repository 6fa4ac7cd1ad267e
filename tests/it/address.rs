//! Addresses, and which of them is the default.

use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const FACTS: &str = "address {
  id name streetAddress addressLocality addressRegion postalCode addressCountry isDefaultBilling isDefaultShipping version
}";

async fn written(server: &Server, field: &str, input: Value) -> Value {
    let mut payload = server.mutate(field, input, FACTS).await;
    assert_eq!(payload["userErrors"], json!([]), "{field}");
    payload["address"].take()
}

async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate(field, input, FACTS).await;
    assert_eq!(payload["address"], Value::Null, "{field}");
    user_errors(&payload)
}

async fn remove(server: &Server, address: &Value) {
    let payload = server.mutate("addressRemove", json!({ "id": address["id"] }), "deletedId").await;
    assert_eq!(payload, json!({ "deletedId": address["id"], "userErrors": [] }));
}

async fn add(server: &Server, customer: &Value, town: &str) -> Value {
    written(server, "addressAdd", json!({ "customer": customer, "addressLocality": town })).await
}

/// The towns that bills and goods go to.
async fn defaults(server: &Server, customer: &Value) -> (String, String) {
    let query = format!(
        "{{ customer(id: {customer}) {{ addresses {{ nodes {{ addressLocality isDefaultBilling isDefaultShipping }} }} }} }}"
    );
    let data = server.query(&query).await;
    let nodes = data["customer"]["addresses"]["nodes"].as_array().expect("nodes");
    let holder = |field: &str| {
        let holders: Vec<_> = nodes.iter().filter(|node| node[field] == true).collect();
        assert_eq!(holders.len(), usize::from(!nodes.is_empty()), "{field}: {data}");
        holders.first().map(|node| node["addressLocality"].as_str().expect("a town").to_owned()).unwrap_or_default()
    };
    (holder("isDefaultBilling"), holder("isDefaultShipping"))
}

fn pair(billing: &str, shipping: &str) -> (String, String) {
    (billing.to_owned(), shipping.to_owned())
}

#[tokio::test]
async fn an_address_is_what_was_said_of_it() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;

    let address = written(
        &server,
        "addressAdd",
        json!({
            "customer": customer, "name": "c/o Doe", "streetAddress": " Rua A, 1 ", "addressLocality": "São Paulo",
            "addressRegion": "SP", "postalCode": "01000-000", "addressCountry": "brazil",
        }),
    )
    .await;

    let expected = json!({
        "id": address["id"], "name": "c/o Doe", "streetAddress": "Rua A, 1", "addressLocality": "São Paulo",
        "addressRegion": "SP", "postalCode": "01000-000", "addressCountry": "BR", "isDefaultBilling": true,
        "isDefaultShipping": true, "version": 1,
    });
    assert_eq!(address, expected);
    let filter = json!({ "addresses": { "some": { "addressLocality": { "eq": "SAO PAULO" } } } });
    assert_eq!(server.found(&filter).await, [customer]);
}

#[tokio::test]
async fn a_country_is_a_code_or_a_name() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    for (country, expected) in [("de", "DE"), ("DEU", "DE"), ("Germany", "DE"), ("uk", "GB")] {
        let address = written(&server, "addressAdd", json!({ "customer": customer, "addressCountry": country })).await;
        assert_eq!(address["addressCountry"], expected);
    }

    for country in ["Atlantis", "XX", ""] {
        let errors = refused(&server, "addressAdd", json!({ "customer": customer, "addressCountry": country })).await;
        assert_eq!(errors, [("INVALID".to_owned(), "input.addressCountry".to_owned())], "{country}");
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let input = json!({
        "customer": customer, "name": " ", "streetAddress": "x".repeat(501), "postalCode": "1".repeat(51),
        "addressCountry": "Atlantis",
    });

    let errors = refused(&server, "addressAdd", input).await;
    let empty = refused(&server, "addressAdd", json!({ "customer": customer, "name": "Jane" })).await;

    let expected = [
        ("REQUIRED", "input.name"),
        ("INVALID", "input.streetAddress"),
        ("INVALID", "input.postalCode"),
        ("INVALID", "input.addressCountry"),
    ];
    assert_eq!(errors, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    assert_eq!(empty, [("REQUIRED".to_owned(), "input".to_owned())]);
    assert_eq!(defaults(&server, &customer).await, pair("", ""));
}

#[tokio::test]
async fn each_role_has_one_default() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;

    let rome = add(&server, &customer, "Rome").await;
    assert_eq!(defaults(&server, &customer).await, pair("Rome", "Rome"));
    let oslo = add(&server, &customer, "Oslo").await;
    assert_eq!(defaults(&server, &customer).await, pair("Rome", "Rome"));
    let input = json!({ "customer": customer, "addressLocality": "Kyiv", "isDefaultShipping": true });
    let kyiv = written(&server, "addressAdd", input).await;
    assert_eq!(defaults(&server, &customer).await, pair("Rome", "Kyiv"));
    let oslo = written(&server, "addressUpdate", json!({ "id": oslo["id"], "isDefaultBilling": true })).await;
    assert_eq!(defaults(&server, &customer).await, pair("Oslo", "Kyiv"));
    // The role goes to the oldest other.
    written(&server, "addressUpdate", json!({ "id": kyiv["id"], "isDefaultShipping": false })).await;
    assert_eq!(defaults(&server, &customer).await, pair("Oslo", "Rome"));
    remove(&server, &oslo).await;
    assert_eq!(defaults(&server, &customer).await, pair("Rome", "Rome"));
    remove(&server, &rome).await;
    assert_eq!(defaults(&server, &customer).await, pair("Kyiv", "Kyiv"));
    let errors = refused(
        &server,
        "addressUpdate",
        json!({ "id": kyiv["id"], "isDefaultBilling": false, "isDefaultShipping": null, "postalCode": "9" }),
    )
    .await;
    let expected = [("NOT_ALLOWED", "input.isDefaultBilling"), ("REQUIRED", "input.isDefaultShipping")];
    assert_eq!(errors, expected.map(|(code, path)| (code.to_owned(), path.to_owned())));
    remove(&server, &kyiv).await;
    assert_eq!(defaults(&server, &customer).await, pair("", ""));
}

#[tokio::test]
async fn defaults_stay_single_when_many_are_written_at_once() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let add = async |number: usize| {
        let input = json!({
            "customer": customer, "addressLocality": number.to_string(), "isDefaultBilling": number.is_multiple_of(2),
            "isDefaultShipping": true,
        });
        written(&server, "addressAdd", input).await
    };

    futures_util::future::join_all((0..8).map(add)).await;

    // Which of them it is depends on who came last.
    defaults(&server, &customer).await;
}

#[tokio::test]
async fn an_address_has_a_version_of_its_own() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let rome = add(&server, &customer, "Rome").await;
    let oslo = add(&server, &customer, "Oslo").await;
    let events = server.events_of(&customer).await;

    let same = written(&server, "addressUpdate", json!({ "id": rome["id"], "addressLocality": "Rome" })).await;
    assert_eq!(same, rome);
    assert_eq!(server.events_of(&customer).await, events);
    let input = json!({ "id": oslo["id"], "isDefaultBilling": true, "addressRegion": "Oslo", "expectedVersion": 1 });
    let edited = written(&server, "addressUpdate", input.clone()).await;
    let errors = refused(&server, "addressUpdate", input.clone()).await;
    let payload = server.mutate("addressRemove", json!({ "id": oslo["id"], "expectedVersion": 1 }), "deletedId").await;
    let query = format!("{{ customer(id: {customer}) {{ version addresses {{ nodes {{ version }} }} }} }}");
    let data = server.query(&query).await;

    assert_eq!(edited["version"], 2);
    assert_eq!(errors, [("CONFLICT".to_owned(), "input.expectedVersion".to_owned())]);
    assert_eq!(user_errors(&payload), errors);
    let expected = json!({ "version": 1, "addresses": { "nodes": [{ "version": 1 }, { "version": 2 }] } });
    assert_eq!(data["customer"], expected);
    assert_eq!(server.events_of(&customer).await[events.len()..], ["CUSTOMER_UPDATED addresses"]);
}

#[tokio::test]
async fn null_clears_a_part_but_not_the_last() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let input = json!({ "customer": customer, "addressLocality": "Rome", "postalCode": "00118" });
    let address = written(&server, "addressAdd", input).await;

    let cleared = written(&server, "addressUpdate", json!({ "id": address["id"], "postalCode": null })).await;
    let errors = refused(&server, "addressUpdate", json!({ "id": address["id"], "addressLocality": null })).await;

    assert_eq!((&cleared["postalCode"], &cleared["addressLocality"]), (&Value::Null, &json!("Rome")));
    assert_eq!(errors, [("REQUIRED".to_owned(), "input".to_owned())]);
}

#[tokio::test]
async fn numbers_are_dialled_in_the_country_of_the_default_address() {
    let server = Server::start().await;
    let payload =
        server.mutate("customerCreate", json!({ "name": "J", "telephone": "030 2312550" }), "customer { id }").await;
    let customer = payload["customer"]["id"].clone();
    let contact = json!({ "customer": customer, "telephone": "030 2312551" });
    server.mutate("contactAdd", contact, "contact { id }").await;
    let query = format!(
        "{{ customer(id: {customer}) {{ version telephoneE164 contacts {{ nodes {{ telephoneE164 version }} }} }} }}"
    );
    let dialled = async || {
        let customer = server.query(&query).await["customer"].take();
        assert_eq!((&customer["version"], &customer["contacts"]["nodes"][0]["version"]), (&json!(1), &json!(1)));
        [customer["telephoneE164"].clone(), customer["contacts"]["nodes"][0]["telephoneE164"].clone()]
    };

    assert_eq!(dialled().await, [Value::Null, Value::Null]);
    let address = written(&server, "addressAdd", json!({ "customer": customer, "addressCountry": "DE" })).await;
    assert_eq!(dialled().await, ["+49302312550", "+49302312551"]);
    let last = server.events_of(&customer).await.pop();
    assert_eq!(last.as_deref(), Some("CUSTOMER_UPDATED addresses contacts telephoneE164"));
    written(&server, "addressUpdate", json!({ "id": address["id"], "addressCountry": "US", "addressRegion": "NY" }))
        .await;
    assert_eq!(dialled().await, [Value::Null, Value::Null]);
    written(&server, "addressUpdate", json!({ "id": address["id"], "addressCountry": "DE" })).await;
    remove(&server, &address).await;
    assert_eq!(dialled().await, [Value::Null, Value::Null]);
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let server = Server::start().await;
    let customer = server.enter("Jane").await;
    let address = add(&server, &customer, "Rome").await;
    server.mutate("customerDelete", json!({ "id": customer }), "deletedId").await;

    for id in [address["id"].clone(), json!(server.url(&format!("/addresses/{}", uuid::Uuid::nil())))] {
        let errors = refused(&server, "addressUpdate", json!({ "id": id, "postalCode": "1" })).await;
        let payload = server.mutate("addressRemove", json!({ "id": id }), "deletedId").await;
        assert_eq!(errors, [("NOT_FOUND".to_owned(), "input.id".to_owned())]);
        assert_eq!(user_errors(&payload), errors);
    }
    let errors = refused(&server, "addressAdd", json!({ "customer": customer, "postalCode": "1" })).await;
    assert_eq!(errors, [("NOT_FOUND".to_owned(), "input.customer".to_owned())]);
}

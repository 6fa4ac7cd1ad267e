//! Entering, editing and withdrawing products.

use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const PRODUCT: &str = "product { id name description sku externalId unitPrice currency version updatedAt }";

async fn written(server: &Server, field: &str, input: Value) -> Value {
    let mut payload = server.mutate(field, input.clone(), PRODUCT).await;
    assert_eq!(payload["userErrors"], json!([]), "{input}");
    payload["product"].take()
}

async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate(field, input.clone(), "product { id }").await;
    assert_eq!(payload["product"], Value::Null, "{input}");
    user_errors(&payload)
}

fn told(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    errors.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

#[tokio::test]
async fn a_product_is_entered_edited_and_withdrawn() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;

    let entered = written(
        &server,
        "productCreate",
        json!({ "name": " Tea ", "sku": "T-1", "externalId": "shop-1", "unitPrice": "1.2345", "currency": "eur" }),
    )
    .await;
    let id = &entered["id"];
    let expected = json!({
        "id": id, "name": "Tea", "description": null, "sku": "T-1", "externalId": "shop-1", "unitPrice": "1.2345",
        "currency": "EUR", "version": 1, "updatedAt": entered["updatedAt"],
    });
    assert_eq!(entered, expected);

    let same =
        written(&server, "productUpdate", json!({ "id": id, "name": "Tea", "sku": "T-1", "unitPrice": 1.2345 })).await;
    assert_eq!(same, entered);
    let edit = json!({ "id": id, "name": "Green tea", "sku": null, "unitPrice": "2", "expectedVersion": 1 });
    let edited = written(&server, "productUpdate", edit).await;
    let expected = json!({
        "id": id, "name": "Green tea", "description": null, "sku": null, "externalId": "shop-1", "unitPrice": "2.00",
        "currency": "EUR", "version": 2, "updatedAt": edited["updatedAt"],
    });
    assert_eq!(edited, expected);
    let free = written(&server, "productUpdate", json!({ "id": id, "unitPrice": null })).await;
    assert_eq!((&free["unitPrice"], &free["currency"]), (&Value::Null, &Value::Null));
    let priced = written(&server, "productUpdate", json!({ "id": id, "unitPrice": "3" })).await;
    assert_eq!((&priced["unitPrice"], &priced["currency"]), (&json!("3.00"), &json!("USD")));

    let items = json!([{ "product": id }]);
    let order = server.mutate("orderCreate", json!({ "customer": jane, "items": items }), "order { id total }").await;
    let gone = server.mutate("productDelete", json!({ "id": id }), "deletedId").await;
    assert_eq!(gone, json!({ "deletedId": id, "userErrors": [] }));
    let query = format!("{{ order(id: {}) {{ total items {{ nodes {{ name }} }} }} }}", order["order"]["id"]);
    let kept = json!({ "total": "3.00", "items": { "nodes": [{ "name": "Green tea" }] } });
    assert_eq!(server.query(&query).await["order"], kept);
    assert_eq!(server.query("{ products { totalCount } }").await["products"]["totalCount"], 0);
    let again = server.mutate("productDelete", json!({ "id": id }), "deletedId").await;
    assert_eq!((&again["deletedId"], user_errors(&again)), (&Value::Null, told(&[("NOT_FOUND", "input.id")])));
}

#[tokio::test]
async fn what_is_wrong_with_a_product_is_told_at_once() {
    let server = Server::start().await;
    let tea = written(&server, "productCreate", json!({ "name": "Tea", "sku": "T-1", "externalId": "shop-1" })).await;
    let other = written(&server, "productCreate", json!({ "name": "Coffee" })).await;
    let cases = [
        (
            "productCreate",
            json!({ "name": " ", "sku": "T-1", "externalId": "shop-1", "unitPrice": "-1" }),
            &[
                ("REQUIRED", "input.name"),
                ("TAKEN", "input.sku"),
                ("TAKEN", "input.externalId"),
                ("INVALID", "input.unitPrice"),
            ][..],
        ),
        ("productCreate", json!({ "name": "Tea", "currency": "EUR" }), &[("INVALID", "input.currency")]),
        (
            "productCreate",
            json!({ "name": "Tea", "unitPrice": "1", "currency": "x" }),
            &[("INVALID", "input.currency")],
        ),
        (
            "productUpdate",
            json!({ "id": other["id"], "name": null, "sku": "T-1", "currency": "EUR" }),
            &[("REQUIRED", "input.name"), ("TAKEN", "input.sku"), ("INVALID", "input.currency")],
        ),
        ("productUpdate", json!({ "id": tea["id"], "expectedVersion": 2 }), &[("CONFLICT", "input.expectedVersion")]),
        (
            "productUpdate",
            json!({ "id": server.url("/products/00000000-0000-0000-0000-000000000000") }),
            &[("NOT_FOUND", "input.id")],
        ),
    ];

    for (field, input, expected) in cases {
        assert_eq!(refused(&server, field, input.clone()).await, told(expected), "{input}");
    }
}

#[tokio::test]
async fn no_two_products_share_a_sku_even_when_entered_at_once() {
    let server = Server::start().await;
    let input = json!({ "name": "Tea", "sku": "T-1" });

    let both = tokio::join!(
        server.mutate("productCreate", input.clone(), "product { id }"),
        server.mutate("productCreate", input, "product { id }"),
    );

    let errors: Vec<_> = [both.0, both.1].iter().flat_map(user_errors).collect();
    assert_eq!(errors, told(&[("TAKEN", "input.sku")]));
}

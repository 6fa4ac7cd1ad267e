//! Placing orders.

use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const ORDER: &str = "order {
  status currency subtotal discount shipping tax total freight requiredDate externalId version shippingAddress { streetAddress addressCountry }
  items { nodes { position name quantity unitPrice discount product { name } } }
}";

async fn placed(server: &Server, input: Value) -> Value {
    let mut payload = server.mutate("orderCreate", input.clone(), ORDER).await;
    assert_eq!(payload["userErrors"], json!([]), "{input}");
    payload["order"].take()
}

async fn refused(server: &Server, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate("orderCreate", input.clone(), "order { id }").await;
    assert_eq!(payload["order"], Value::Null, "{input}");
    user_errors(&payload)
}

fn told(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    errors.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

async fn product(server: &Server, input: Value) -> Value {
    server.mutate("productCreate", input, "product { id }").await["product"]["id"].take()
}

#[tokio::test]
async fn an_order_is_what_was_said_of_it() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let known = server.events_of(&jane).await.len();
    let tea = product(&server, json!({ "name": "Tea", "unitPrice": "3.3333" })).await;

    let order = placed(
        &server,
        json!({
            "customer": jane, "externalId": " shop-1 ", "discount": "1.00", "shipping": 4.95, "tax": "2", "freight": "3.10",
            "requiredDate": "2099-01-01",
            "items": [
                { "product": tea, "quantity": 3 },
                { "name": "Gift wrap", "unitPrice": "2.5", "discount": "0.5" },
                { "product": tea, "name": "Green tea", "unitPrice": "0" },
            ],
            "shippingAddress": { "streetAddress": "Main St 1", "addressCountry": "germany" },
        }),
    )
    .await;

    // 3 × 3.3333 = 9.9999, and 2.00: rounded together to 12.00.
    let expected = json!({
        "status": "PROCESSING", "currency": "USD", "subtotal": "12.00", "discount": "1.00", "shipping": "4.95",
        "tax": "2.00", "total": "17.95", "freight": "3.10", "requiredDate": "2099-01-01T00:00:00Z",
        "externalId": "shop-1", "version": 1,
        "shippingAddress": { "streetAddress": "Main St 1", "addressCountry": "DE" },
        "items": { "nodes": [
            { "position": 1, "name": "Tea", "quantity": 3, "unitPrice": "3.3333", "discount": "0.00", "product": { "name": "Tea" } },
            { "position": 2, "name": "Gift wrap", "quantity": 1, "unitPrice": "2.50", "discount": "0.50", "product": null },
            { "position": 3, "name": "Green tea", "quantity": 1, "unitPrice": "0.00", "discount": "0.00", "product": { "name": "Tea" } },
        ] },
    });
    assert_eq!(order, expected);
    assert_eq!(server.events_since(&jane, known).await, ["ORDER_CREATED"]);
    let figures = server.customer_fields(&jane, "totalOrders totalSpent lastPurchaseDate version").await;
    assert_eq!(figures, json!({ "totalOrders": 1, "totalSpent": "0.00", "lastPurchaseDate": null, "version": 1 }));
    server.check_figures().await;
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let known = server.events_of(&jane).await.len();
    let dear = product(&server, json!({ "name": "Tea", "unitPrice": "3", "currency": "EUR" })).await;
    let nothing = server.url("/products/00000000-0000-0000-0000-000000000000");

    let errors = refused(
        &server,
        json!({
            "customer": server.url("/customers/00000000-0000-0000-0000-000000000000"),
            "externalId": " ", "orderDate": "2999-01-01", "discount": "-1", "shipping": "0.001",
            "exchangeRate": "1.1",
            "shippingAddress": { "addressCountry": "Atlantis" },
            "items": [
                { "name": "Tea", "unitPrice": "1", "quantity": 0 },
                { "product": nothing },
                { "unitPrice": "1" },
                { "name": "Tea" },
                { "product": dear },
                { "name": "Tea", "unitPrice": "1", "quantity": 2, "discount": "2.000001" },
                { "name": "Tea", "unitPrice": "1.0000001" },
            ],
        }),
    )
    .await;

    let expected = told(&[
        ("NOT_FOUND", "input.customer"),
        ("REQUIRED", "input.externalId"),
        ("INVALID", "input.orderDate"),
        ("INVALID", "input.shippingAddress.addressCountry"),
        ("INVALID", "input.exchangeRate"),
        ("INVALID", "input.discount"),
        ("INVALID", "input.shipping"),
        ("INVALID", "input.items.0.quantity"),
        ("NOT_FOUND", "input.items.1.product"),
        ("REQUIRED", "input.items.2.name"),
        ("REQUIRED", "input.items.3.unitPrice"),
        ("REQUIRED", "input.items.4.unitPrice"),
        ("INVALID", "input.items.5.discount"),
        ("INVALID", "input.items.6.unitPrice"),
    ]);
    assert_eq!(errors, expected);
    assert_eq!(server.query("{ orders { totalCount } }").await["orders"]["totalCount"], 0);
    assert_eq!(server.events_of(&jane).await.len(), known);
}

#[tokio::test]
async fn sums_stay_in_range() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let item = |price: &str, quantity: i64| json!({ "name": "Tea", "unitPrice": price, "quantity": quantity });
    let input = |items: Value| json!({ "customer": jane, "items": items });
    let with = |mut input: Value, field: &str, value: &str| {
        input[field] = json!(value);
        input
    };
    let cases = [
        (input(json!([])), &[("REQUIRED", "input.items")][..]),
        (input(json!(vec![item("1", 1); 251])), &[("INVALID", "input.items")]),
        (input(json!([item("1000000000000", 2_147_483_647)])), &[("INVALID", "input.items")]),
        (with(input(json!([item("1", 1)])), "discount", "1.01"), &[("INVALID", "input.discount")]),
        (with(input(json!([item("1000000000000", 1)])), "tax", "0.01"), &[("INVALID", "input.items")]),
        (with(input(json!([item("1", 1)])), "currency", "EUR"), &[("REQUIRED", "input.exchangeRate")]),
        (with(input(json!([item("1", 1)])), "currency", "euro"), &[("INVALID", "input.currency")]),
        (
            with(with(input(json!([item("1000000000000", 1)])), "currency", "EUR"), "exchangeRate", "1000"),
            &[("INVALID", "input.items")],
        ),
    ];

    for (input, expected) in cases {
        assert_eq!(refused(&server, input.clone()).await, told(expected), "{input}");
    }
    let most = with(input(json!(vec![item("4000000000", 1); 250])), "discount", "1000000000000");
    assert_eq!(placed(&server, most).await["total"], "0.00");
}

#[tokio::test]
async fn an_order_goes_to_the_default_shipping_address_as_it_was() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let input = json!({ "customer": jane, "items": [{ "name": "Tea", "unitPrice": "1" }] });
    assert_eq!(placed(&server, input.clone()).await["shippingAddress"], Value::Null);
    let address =
        json!({ "customer": jane, "streetAddress": "Old St 1", "addressCountry": "GB", "isDefaultShipping": true });
    let added = server.mutate("addressAdd", address, "address { id }").await;

    let order = server.mutate("orderCreate", input.clone(), "order { id }").await;
    let moved = json!({ "id": added["address"]["id"], "streetAddress": "New St 2" });
    server.mutate("addressUpdate", moved, "address { id }").await;

    let query = format!("{{ order(id: {}) {{ shippingAddress {{ streetAddress }} }} }}", order["order"]["id"]);
    assert_eq!(server.query(&query).await["order"]["shippingAddress"], json!({ "streetAddress": "Old St 1" }));
    let mut nowhere = input;
    nowhere["shippingAddress"] = Value::Null;
    assert_eq!(placed(&server, nowhere.clone()).await["shippingAddress"], Value::Null);
    nowhere["shippingAddress"] = json!({});
    assert_eq!(refused(&server, nowhere).await, told(&[("REQUIRED", "input.shippingAddress")]));
}

#[tokio::test]
async fn no_two_orders_share_an_external_id_even_when_placed_at_once() {
    let server = Server::start().await;
    let (jane, john) = (server.enter("Jane").await, server.enter("John").await);
    let input = |customer: &Value| json!({ "customer": customer, "externalId": "shop-1", "items": [{ "name": "Tea", "unitPrice": "1" }] });

    let both = tokio::join!(
        server.mutate("orderCreate", input(&jane), "order { id }"),
        server.mutate("orderCreate", input(&john), "order { id }"),
    );

    let errors: Vec<_> = [both.0, both.1].iter().flat_map(user_errors).collect();
    assert_eq!(errors, told(&[("TAKEN", "input.externalId")]));
    assert_eq!(refused(&server, input(&jane)).await, told(&[("TAKEN", "input.externalId")]));
    server.check_figures().await;
}

#[tokio::test]
async fn nobody_orders_for_a_deleted_customer_or_what_is_withdrawn() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let tea = product(&server, json!({ "name": "Tea", "unitPrice": "1" })).await;
    server.mutate("productDelete", json!({ "id": tea }), "deletedId").await;
    server.mutate("customerDelete", json!({ "id": jane }), "deletedId").await;

    let errors = refused(&server, json!({ "customer": jane, "items": [{ "product": tea }] })).await;

    assert_eq!(errors, told(&[("NOT_FOUND", "input.customer"), ("NOT_FOUND", "input.items.0.product")]));
}

#[tokio::test]
async fn an_id_of_another_type_is_malformed() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let mutation = format!(
        "mutation {{ orderCreate(input: {{ customer: {jane}, items: [{{ product: {jane}, unitPrice: 1 }}] }}) {{ order {{ id }} }} }}"
    );

    let error = server.error(&mutation).await;

    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    assert!(error["message"].as_str().expect("a message").contains("input.items.0.product"), "{error}");
}

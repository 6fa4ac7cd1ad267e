//! Bringing orders forward, and what follows from it.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const STEPS: &str = "order { status shippedAt deliveredAt cancelledAt version }";

async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate(field, input, "order { id }").await;
    assert_eq!(payload["order"], Value::Null, "{field}");
    user_errors(&payload)
}

fn told(code: &str, path: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), path.to_owned())]
}

#[tokio::test]
async fn delivering_the_order_that_reaches_500_upgrades_to_silver() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    server.purchase(&jane, "450").await;
    let order = server.place(&jane, "50").await;
    let known = server.events_of(&jane).await.len();

    let reply = server
        .mutate(
            "orderDeliver",
            json!({ "id": order }),
            "order { customer { totalSpent loyaltyTier { name } version } }",
        )
        .await;

    let customer = json!({ "totalSpent": "500.00", "loyaltyTier": { "name": "Silver" }, "version": 1 });
    assert_eq!(reply["order"]["customer"], customer);
    assert_eq!(server.events_since(&jane, known).await, ["ORDER_DELIVERED", "CUSTOMER_PURCHASED", "CUSTOMER_UPGRADED"]);
    server.check_figures().await;
}

#[tokio::test]
async fn one_cent_less_is_bronze() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let known = server.events_of(&jane).await.len();

    server.purchase(&jane, "499.99").await;

    let customer = server.customer_fields(&jane, "loyaltyTier { name } customerSegment").await;
    assert_eq!(customer, json!({ "loyaltyTier": { "name": "Bronze" }, "customerSegment": "BASIC" }));
    // The engagement segment: the customer has bought something just now.
    assert_eq!(
        server.events_since(&jane, known).await,
        ["ORDER_CREATED", "ORDER_DELIVERED", "CUSTOMER_PURCHASED", "SEGMENT_ENTERED"]
    );
}

#[tokio::test]
async fn one_delivery_may_skip_tiers_and_is_told_as_one_rise() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;

    server.purchase(&jane, "2000").await;

    let events = server.events_of(&jane).await;
    assert_eq!(events.iter().filter(|event| *event == "CUSTOMER_UPGRADED").count(), 1);
    assert_eq!(server.customer_fields(&jane, "loyaltyTier { name }").await["loyaltyTier"]["name"], "Gold");
}

#[tokio::test]
async fn segments_by_spending_are_entered_and_left_at_exactly_1000_and_5000() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let purchases = [
        ("999.99", "spend-basic"),
        ("0.01", "spend-standard"),
        ("3999.99", "spend-standard"),
        ("0.01", "spend-premium"),
    ];
    let segment = async || {
        let query = "segments(where: { handle: { startsWith: \"spend-\" } }) { nodes { handle } }";
        let data = server.customer_fields(&jane, query).await;
        data["segments"]["nodes"].clone()
    };

    for (price, expected) in purchases {
        let before = segment().await;
        let known = server.events_of(&jane).await.len();
        server.purchase(&jane, price).await;

        assert_eq!(segment().await, json!([{ "handle": expected }]), "{price}");
        let events = server.events_since(&jane, known).await;
        let moves: Vec<_> = events.iter().filter(|event| event.starts_with("SEGMENT")).collect();
        let has_moved = before != segment().await;
        let is_first = price == "999.99";
        let expected: &[&str] = match (has_moved, is_first) {
            (true, _) => &["SEGMENT_ENTERED", "SEGMENT_LEFT"],
            // The engagement segment.
            (false, true) => &["SEGMENT_ENTERED"],
            (false, false) => &[],
        };
        assert_eq!(moves, expected, "{price}");
    }
}

#[tokio::test]
async fn an_order_goes_forward_step_by_step_and_each_step_counts_once() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = server.place(&jane, "10").await;
    let known = server.events_of(&jane).await.len();

    let shipped = server.mutate("orderShip", json!({ "id": order, "expectedVersion": 1 }), STEPS).await;
    let again = server.mutate("orderShip", json!({ "id": order }), STEPS).await;
    let delivered = server.mutate("orderDeliver", json!({ "id": order }), STEPS).await;
    let twice = server.mutate("orderDeliver", json!({ "id": order }), STEPS).await;
    let late = server.mutate("orderShip", json!({ "id": order }), STEPS).await;

    assert_eq!((&shipped["order"]["status"], &shipped["order"]["version"]), (&json!("IN_TRANSIT"), &json!(2)));
    assert_eq!(shipped, again);
    assert_eq!((&delivered["order"]["status"], &delivered["order"]["version"]), (&json!("DELIVERED"), &json!(3)));
    assert_eq!(delivered["order"]["shippedAt"], shipped["order"]["shippedAt"]);
    assert_eq!((&twice, &late), (&delivered, &delivered));
    assert_eq!(
        server.events_since(&jane, known).await,
        ["ORDER_SHIPPED", "ORDER_DELIVERED", "CUSTOMER_PURCHASED", "SEGMENT_ENTERED"]
    );
    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "10.00");
}

#[tokio::test]
async fn what_the_state_does_not_allow_is_refused() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let (delivered, cancelled) = (server.purchase(&jane, "10").await, server.place(&jane, "10").await);
    server.mutate("orderCancel", json!({ "id": cancelled }), "order { id }").await;
    let known = server.events_of(&jane).await.len();
    let nothing = server.url("/orders/00000000-0000-0000-0000-000000000000");
    let open = server.place(&jane, "1").await;
    let cases = [
        ("orderCancel", json!({ "id": delivered }), told("NOT_ALLOWED", "input.id")),
        ("orderShip", json!({ "id": delivered }), told("NOT_ALLOWED", "input.id")),
        ("orderDeliver", json!({ "id": cancelled }), told("NOT_ALLOWED", "input.id")),
        ("orderShip", json!({ "id": cancelled }), told("NOT_ALLOWED", "input.id")),
        ("orderShip", json!({ "id": nothing }), told("NOT_FOUND", "input.id")),
        ("orderShip", json!({ "id": open, "expectedVersion": 2 }), told("CONFLICT", "input.expectedVersion")),
        ("orderShip", json!({ "id": open, "shippedAt": "2999-01-01" }), told("INVALID", "input.shippedAt")),
        ("orderShip", json!({ "id": open, "shippedAt": "2001-01-01" }), told("INVALID", "input.shippedAt")),
        ("orderDeliver", json!({ "id": open, "deliveredAt": "2001-01-01" }), told("INVALID", "input.deliveredAt")),
        ("orderCancel", json!({ "id": open, "cancelledAt": "2001-01-01" }), told("INVALID", "input.cancelledAt")),
    ];

    for (field, input, expected) in cases {
        assert_eq!(refused(&server, field, input.clone()).await, expected, "{field} {input}");
    }
    assert_eq!(server.events_since(&jane, known).await, ["ORDER_CREATED"]);
}

#[tokio::test]
async fn a_cancelled_order_leaves_all_figures() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let at = |instant: &str| json!({ "customer": jane, "orderDate": instant, "items": [{ "name": "Tea", "unitPrice": "1" }] });
    let mut orders = Vec::new();
    for instant in ["2020-05-01T00:00:00Z", "2019-01-01T00:00:00Z", "2021-01-01T00:00:00Z"] {
        orders.push(server.mutate("orderCreate", at(instant), "order { id }").await["order"]["id"].take());
    }
    let dates = "totalOrders firstOrderDate lastOrderDate";
    let expected = |count: i32, first: Value, last: Value| json!({ "totalOrders": count, "firstOrderDate": first, "lastOrderDate": last });
    let (middle, first, last) =
        (json!("2020-05-01T00:00:00Z"), json!("2019-01-01T00:00:00Z"), json!("2021-01-01T00:00:00Z"));
    assert_eq!(server.customer_fields(&jane, dates).await, expected(3, first, last.clone()));

    let steps = [
        (1, expected(2, middle.clone(), last)),
        (2, expected(1, middle.clone(), middle)),
        (0, expected(0, Value::Null, Value::Null)),
    ];
    for (index, figures) in steps {
        server.mutate("orderCancel", json!({ "id": orders[index] }), "order { id }").await;
        server.mutate("orderCancel", json!({ "id": orders[index] }), "order { id }").await;

        assert_eq!(server.customer_fields(&jane, dates).await, figures);
        server.check_figures().await;
    }
}

#[tokio::test]
async fn figures_are_in_the_stores_currency_and_of_the_instants_of_the_orders() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = json!({
        "customer": jane, "currency": "EUR", "exchangeRate": "1.105", "orderDate": "2024-03-01",
        "items": [{ "name": "Tee", "unitPrice": "3.33" }],
    });
    let foreign = server.mutate("orderCreate", order, "order { id total currency }").await;
    assert_eq!((&foreign["order"]["total"], &foreign["order"]["currency"]), (&json!("3.33"), &json!("EUR")));
    server.purchase(&jane, "1000.00").await;

    let backdated = json!({ "id": foreign["order"]["id"], "deliveredAt": "2024-03-05" });
    server.mutate("orderDeliver", backdated, "order { id }").await;
    let last_before = server.customer_fields(&jane, "lastPurchaseDate").await;
    server.mutate("refundCreate", json!({ "order": foreign["order"]["id"], "amount": "1.11" }), "refund { id }").await;

    // 3.33 EUR are 3.67965 USD, rounded half up to 3.68; 1.11 EUR are 1.22655, rounded to 1.23.
    let figures = server.customer_fields(&jane, "totalSpent firstOrderDate").await;
    assert_eq!(figures, json!({ "totalSpent": "1002.45", "firstOrderDate": "2024-03-01T00:00:00Z" }));
    assert_ne!(last_before["lastPurchaseDate"], "2024-03-05T00:00:00Z");
    server.check_figures().await;
}

#[tokio::test]
async fn parallel_deliveries_of_32_orders_end_exact() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let mut orders = Vec::new();
    for _ in 0..32 {
        orders.push(server.place(&jane, "31.25").await);
    }

    let deliveries =
        orders.iter().map(|order| server.mutate("orderDeliver", json!({ "id": order }), "order { status }"));
    for delivered in join_all(deliveries).await {
        assert_eq!(delivered["order"]["status"], "DELIVERED");
    }

    let customer = server.customer_fields(&jane, "totalSpent totalOrders loyaltyTier { name } customerSegment").await;
    let expected = json!({
        "totalSpent": "1000.00", "totalOrders": 32, "loyaltyTier": { "name": "Silver" }, "customerSegment": "STANDARD"
    });
    assert_eq!(customer, expected);
    let events = server.events_of(&jane).await;
    let count = |kind: &str| events.iter().filter(|event| *event == kind).count();
    assert_eq!((count("CUSTOMER_PURCHASED"), count("CUSTOMER_UPGRADED")), (32, 1));
    server.check_figures().await;
}

#[tokio::test]
async fn parallel_deliveries_of_one_order_count_once() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = server.place(&jane, "10").await;

    let deliveries = (0..8).map(|_| server.mutate("orderDeliver", json!({ "id": order }), "order { status version }"));
    for delivered in join_all(deliveries).await {
        assert_eq!(delivered["order"], json!({ "status": "DELIVERED", "version": 2 }));
    }

    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "10.00");
    let events = server.events_of(&jane).await;
    assert_eq!(events.iter().filter(|event| *event == "ORDER_DELIVERED").count(), 1);
    server.check_figures().await;
}

#[tokio::test]
async fn orders_that_are_placed_delivered_and_cancelled_at_once_end_exact() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let mut orders = Vec::new();
    for _ in 0..16 {
        orders.push(server.place(&jane, "1").await);
    }

    let steps = orders.iter().enumerate().map(async |(index, order)| {
        let field = if index % 2 == 0 { "orderDeliver" } else { "orderCancel" };
        server.mutate(field, json!({ "id": order }), "order { id }").await;
        server.place(&jane, "1").await;
    });
    join_all(steps).await;

    let figures = server.customer_fields(&jane, "totalOrders totalSpent").await;
    assert_eq!(figures, json!({ "totalOrders": 24, "totalSpent": "8.00" }));
    server.check_figures().await;
}

#[tokio::test]
async fn an_order_of_a_deleted_customer_still_arrives() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = server.place(&jane, "10").await;
    server.mutate("customerDelete", json!({ "id": jane }), "deletedId").await;

    let delivered = server.mutate("orderDeliver", json!({ "id": order }), "order { status }").await;
    server.mutate("customerRestore", json!({ "id": jane }), "customer { id }").await;

    assert_eq!(delivered["order"]["status"], "DELIVERED");
    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "10.00");
    server.check_figures().await;
}

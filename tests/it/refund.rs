//! Giving money back.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const REFUND: &str = "refund { amount currency reason externalId order { id } customer { totalSpent } }";

async fn refused(server: &Server, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate("refundCreate", input.clone(), "refund { id }").await;
    assert_eq!(payload["refund"], Value::Null, "{input}");
    user_errors(&payload)
}

fn told(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    errors.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

#[tokio::test]
async fn a_refund_returns_a_part_and_then_what_is_left() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = server.purchase(&jane, "100").await;
    let known = server.events_of(&jane).await.len();

    let input = json!({ "order": order, "amount": "30.01", "reason": "Damaged", "externalId": "r-1" });
    let part = server.mutate("refundCreate", input, REFUND).await;
    let rest = server.mutate("refundCreate", json!({ "order": order }), REFUND).await;

    let expected = json!({
        "amount": "30.01", "currency": "USD", "reason": "Damaged", "externalId": "r-1", "order": { "id": order },
        "customer": { "totalSpent": "69.99" },
    });
    assert_eq!(part["refund"], expected);
    assert_eq!(
        (&rest["refund"]["amount"], &rest["refund"]["customer"]["totalSpent"]),
        (&json!("69.99"), &json!("0.00"))
    );
    assert_eq!(refused(&server, json!({ "order": order })).await, told(&[("NOT_ALLOWED", "input.order")]));
    let figures = server.customer_fields(&jane, "totalOrders averageOrderValue").await;
    assert_eq!(figures, json!({ "totalOrders": 1, "averageOrderValue": "0.00" }));
    assert_eq!(server.events_since(&jane, known).await, ["ORDER_REFUNDED", "ORDER_REFUNDED"]);
    server.check_figures().await;
}

#[tokio::test]
async fn what_is_returned_in_parts_in_another_currency_leaves_nothing_behind() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let items = json!([{ "name": "Kettle", "quantity": 1, "unitPrice": "33.33" }]);
    let input = json!({ "customer": jane, "items": items, "currency": "EUR", "exchangeRate": "1.105" });
    let placed = server.mutate("orderCreate", input, "order { id }").await;
    let order = &placed["order"]["id"];
    server.mutate("orderDeliver", json!({ "id": order }), "order { id }").await;
    // 33.33 EUR at 1.105 are 36.82965 USD.
    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "36.83");

    for part in [json!({ "order": order, "amount": "11.11" }), json!({ "order": order, "amount": "11.11" })] {
        server.mutate("refundCreate", part, REFUND).await;
    }
    server.mutate("refundCreate", json!({ "order": order }), REFUND).await;

    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "0.00");
    server.check_figures().await;
}

#[tokio::test]
async fn a_refund_that_falls_below_a_threshold_downgrades() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = server.purchase(&jane, "500.01").await;
    let tier = async || server.customer_fields(&jane, "loyaltyTier { name }").await["loyaltyTier"]["name"].take();
    let known = server.events_of(&jane).await.len();

    server.mutate("refundCreate", json!({ "order": order, "amount": "0.01" }), "refund { id }").await;
    assert_eq!(tier().await, "Silver");
    server.mutate("refundCreate", json!({ "order": order, "amount": "0.01" }), "refund { id }").await;

    assert_eq!(tier().await, "Bronze");
    assert_eq!(server.events_since(&jane, known).await, ["ORDER_REFUNDED", "ORDER_REFUNDED", "CUSTOMER_DOWNGRADED"]);
}

#[tokio::test]
async fn a_refund_of_a_customer_stands_alone_and_spending_may_become_negative() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let known = server.events_of(&jane).await.len();

    let refund = server.mutate("refundCreate", json!({ "customer": jane, "amount": 5 }), REFUND).await;

    let expected = json!({
        "amount": "5.00", "currency": "USD", "reason": null, "externalId": null, "order": null,
        "customer": { "totalSpent": "-5.00" },
    });
    assert_eq!(refund["refund"], expected);
    assert_eq!(server.events_since(&jane, known).await, ["CUSTOMER_REFUNDED"]);
    server.check_figures().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_refund_is_told() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let (open, order) = (server.place(&jane, "10").await, server.purchase(&jane, "10").await);
    server.mutate("refundCreate", json!({ "order": order, "amount": "1", "externalId": "r-1" }), "refund { id }").await;
    let known = server.events_of(&jane).await.len();
    let nobody = server.url("/customers/00000000-0000-0000-0000-000000000000");
    let nothing = server.url("/orders/00000000-0000-0000-0000-000000000000");
    let cases = [
        (json!({}), &[("REQUIRED", "input.order")][..]),
        (json!({ "order": order, "customer": jane }), &[("INVALID", "input.customer")]),
        (json!({ "order": nothing }), &[("NOT_FOUND", "input.order")]),
        (json!({ "order": open }), &[("NOT_ALLOWED", "input.order")]),
        (json!({ "customer": jane }), &[("REQUIRED", "input.amount")]),
        (json!({ "customer": nobody, "amount": "0" }), &[("NOT_FOUND", "input.customer"), ("INVALID", "input.amount")]),
        (
            json!({ "order": order, "amount": "9.01", "externalId": "r-1", "refundedAt": "2001-01-01", "reason": "" }),
            &[
                ("INVALID", "input.amount"),
                ("TAKEN", "input.externalId"),
                ("INVALID", "input.refundedAt"),
                ("REQUIRED", "input.reason"),
            ],
        ),
        (json!({ "order": order, "amount": "0.001" }), &[("INVALID", "input.amount")]),
        (json!({ "order": order, "refundedAt": "2999-01-01" }), &[("INVALID", "input.refundedAt")]),
    ];

    for (input, expected) in cases {
        assert_eq!(refused(&server, input.clone()).await, told(expected), "{input}");
    }
    assert_eq!(server.events_of(&jane).await.len(), known);
    server.mutate("refundCreate", json!({ "order": order, "amount": "9.00" }), "refund { id }").await;
    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "0.00");
}

#[tokio::test]
async fn parallel_refunds_never_exceed_the_order() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let order = server.purchase(&jane, "10").await;

    let refunds =
        (0..8).map(|_| server.mutate("refundCreate", json!({ "order": order, "amount": "3" }), "refund { id }"));
    let refunds = join_all(refunds).await;

    let refused: Vec<_> = refunds.iter().flat_map(user_errors).collect();
    assert_eq!(refused, told(&[("INVALID", "input.amount"); 5]));
    assert_eq!(server.customer_fields(&jane, "totalSpent").await["totalSpent"], "1.00");
    server.check_figures().await;
}

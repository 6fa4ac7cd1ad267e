//! Customers who are lost, and who come back.

use chrono::{DateTime, TimeDelta, Utc};
use customers::{clock::Clock, customer::metrics, store::execute};
use serde_json::{Value, json};

use crate::{job::run, server::Server};

fn now() -> DateTime<Utc> {
    "2026-11-22T09:30:00Z".parse().expect("an instant")
}

async fn examined(server: &Server) -> Value {
    let ended = run(server, json!({ "name": "CHURN" })).await;
    assert_eq!(ended["state"], "SUCCEEDED", "{ended}");
    ended["changed"].clone()
}

/// A customer who ordered and got something so many days ago, each time.
async fn customer(server: &Server, days: &[i64]) -> Value {
    let since = days.first().copied().unwrap_or(400);
    let at = |days: i64| (now() - TimeDelta::days(days)).to_rfc3339();
    let input = json!({ "name": "Jane", "customerSince": at(since) });
    let jane = server.mutate("customerCreate", input, "customer { id }").await["customer"]["id"].take();
    for days in days {
        let items = json!([{ "name": "Tea", "unitPrice": "1" }]);
        let input = json!({ "customer": jane, "orderDate": at(*days), "items": items });
        let order = server.mutate("orderCreate", input, "order { id }").await["order"]["id"].take();
        let input = json!({ "id": order, "deliveredAt": at(*days) });
        let payload = server.mutate("orderDeliver", input, "order { id }").await;
        assert_eq!(payload["userErrors"], json!([]));
    }
    jane
}

/// Moves all that happened to customers back by so many days, as though they had passed.
async fn pass(server: &Server, days: i64) {
    let moved = [
        "update orders set order_date = order_date - $1, delivered_at = delivered_at - $1",
        "update customer set customer_since = customer_since - $1",
    ];
    let db = server.app.database.writer();
    for sql in moved {
        execute(db, sql, vec![(days * 86_400_000).into()]).await.expect("a statement");
    }
    metrics::rebuild(db, now(), None).await.expect("figures");
}

async fn transitions(server: &Server, customer: &Value) -> Vec<String> {
    let events = server.events_of(customer).await;
    events.into_iter().filter(|event| ["CUSTOMER_CHURNED", "CUSTOMER_REACTIVATED"].contains(&event.as_str())).collect()
}

#[tokio::test]
async fn who_is_lost_is_told_once_and_who_comes_back_too() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    // One order: 30 days between orders are taken. Two, ten days apart, and two on one day.
    let (once, twice, same_day) =
        (customer(&server, &[60]).await, customer(&server, &[30, 20]).await, customer(&server, &[60, 60]).await);
    let lost = customer(&server, &[61]).await;
    let never = customer(&server, &[]).await;
    let all = [&once, &twice, &same_day, &lost, &never];

    // The first time nothing is told, of whoever is lost already either.
    assert_eq!(examined(&server).await, 5);
    assert_eq!(examined(&server).await, 0);
    for customer in all {
        assert_eq!(transitions(&server, customer).await, Vec::<String>::new());
    }

    // Exactly twice the gap was not enough.
    pass(&server, 1).await;
    assert_eq!(examined(&server).await, 3);
    assert_eq!(examined(&server).await, 0);
    for customer in [&once, &twice, &same_day] {
        assert_eq!(transitions(&server, customer).await, ["CUSTOMER_CHURNED"]);
    }
    for customer in [&lost, &never] {
        assert_eq!(transitions(&server, customer).await, Vec::<String>::new());
    }

    server.purchase(&lost, "1").await;
    server.purchase(&once, "1").await;
    assert_eq!(examined(&server).await, 2);
    assert_eq!(examined(&server).await, 0);
    assert_eq!(transitions(&server, &lost).await, ["CUSTOMER_REACTIVATED"]);
    assert_eq!(transitions(&server, &once).await, ["CUSTOMER_CHURNED", "CUSTOMER_REACTIVATED"]);
}

#[tokio::test]
async fn the_deleted_are_not_looked_at() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    let jane = customer(&server, &[60]).await;
    examined(&server).await;
    server.mutate("customerDelete", json!({ "id": jane }), "deletedId").await;
    pass(&server, 1).await;

    assert_eq!(examined(&server).await, 0);

    server.mutate("customerRestore", json!({ "id": jane }), "customer { id }").await;
    assert_eq!(examined(&server).await, 1);
    assert_eq!(transitions(&server, &jane).await, ["CUSTOMER_CHURNED"]);
}

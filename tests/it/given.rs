//! What has happened before a test, and what happens in it, written straight to the database.

use customers::{
    clock::Clock,
    customer::{metrics, row},
    event::{
        Tale,
        log::{self, Origin},
    },
    store::insert_all,
};
use entity::{
    ChronoUnixTimestampMillis,
    customer::{self, CustomerKind},
    event::{EventCause, EventType},
    order,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Server;

/// An event of a customer, about nothing else.
pub fn tale(kind: EventType, customer: Uuid) -> Tale {
    Tale {
        kind,
        occurred_at: Clock::System.now(),
        customer,
        order: None,
        refund: None,
        segment: None,
        program: None,
        tier: None,
        changed_fields: Vec::new(),
        decided_by: Vec::new(),
    }
}

/// An event of an order.
pub fn order_tale(kind: EventType, customer: Uuid, order: Uuid) -> Tale {
    Tale { order: Some(order), ..tale(kind, customer) }
}

impl Server {
    /// Tells events in one transaction, and rings the bell, as whoever commits does.
    pub async fn tell(&self, tales: &[Tale]) {
        self.tell_silently(tales).await;
        self.app.bell.ring();
    }

    /// Tells events as another process does, which does not ring.
    pub async fn tell_silently(&self, tales: &[Tale]) {
        let tx = self.app.database.begin().await.expect("a transaction");
        let origin = Origin { actor: "local".to_owned(), cause: EventCause::Request };
        log::append(&tx, Clock::System, &origin, tales).await.expect("room in the log");
        tx.commit().await.expect("a commit");
    }

    /// A customer.
    pub async fn customer(&self, name: &str) -> Uuid {
        let id = Clock::System.key();
        let instant = ChronoUnixTimestampMillis(Clock::System.now());
        let customer = customer::Model::new(id, CustomerKind::Person, name.to_owned(), instant, instant);
        let customer = row::complete(customer);
        insert_all(self.app.database.writer(), vec![customer]).await.expect("a customer");
        id
    }

    /// An order of `total` cents that was placed just now.
    pub async fn order(&self, customer: Uuid, total: i64) -> Uuid {
        let id = Clock::System.key();
        let instant = ChronoUnixTimestampMillis(Clock::System.now());
        let order = order::Model::new(id, customer, "USD".to_owned(), total, instant, instant);
        insert_all(self.app.database.writer(), vec![order]).await.expect("an order");
        id
    }
    /// The id of a new order of one item at `price`.
    pub async fn place(&self, customer: &Value, price: &str) -> Value {
        let items = json!([{ "name": "Kettle", "unitPrice": price }]);
        let input = json!({ "customer": customer, "items": items });
        let mut payload = self.mutate("orderCreate", input, "order { id }").await;
        assert_eq!(payload["userErrors"], json!([]), "{price}");
        payload["order"]["id"].take()
    }

    /// The id of a new order of one item at `price`, which is delivered.
    pub async fn purchase(&self, customer: &Value, price: &str) -> Value {
        let order = self.place(customer, price).await;
        let payload = self.mutate("orderDeliver", json!({ "id": order }), "order { status }").await;
        assert_eq!(payload, json!({ "order": { "status": "DELIVERED" }, "userErrors": [] }));
        order
    }

    /// The events of a customer after the first `known`.
    pub async fn events_since(&self, customer: &Value, known: usize) -> Vec<String> {
        self.events_of(customer).await.split_off(known)
    }

    /// Fields of a customer.
    pub async fn customer_fields(&self, customer: &Value, selection: &str) -> Value {
        self.query(&format!("{{ customer(id: {customer}) {{ {selection} }} }}")).await["customer"].take()
    }

    /// Checks that all figures are what the ledger of orders and refunds says.
    pub async fn check_figures(&self) {
        let tx = self.app.database.begin().await.expect("a transaction");
        let differ = metrics::rebuild(&tx, Clock::System.now(), None).await.expect("figures");
        assert_eq!(differ, 0, "customers whose figures are not those of the ledger");
    }
}

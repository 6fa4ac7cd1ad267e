//! A page of fifty customers after a cursor, those who spent most first.

use axum::{Json, extract::State};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sea_orm::sqlx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    answer::{Answer, data},
    store::{Store, on, row},
    value::{Instant, Money},
};

/// What is asked for.
#[derive(Deserialize)]
pub struct Question {
    after: String,
}

row! {
    /// A customer.
    Row {
        id: Uuid,
        name: String,
        email: Option<String>,
        kind: String,
        total_orders: i64,
        total_spent: i64,
        customer_since: i64,
        last_purchase_date: Option<i64>,
    }
}

#[derive(Serialize)]
struct Root {
    customers: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    nodes: Vec<Customer>,
    page_info: PageInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

/// A customer in a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    id: String,
    name: String,
    email: Option<String>,
    kind: String,
    total_orders: i64,
    total_spent: Money,
    customer_since: Instant,
    last_purchase_date: Option<Instant>,
}

const SQL: &str = "
    select id, name, email, kind, total_orders, total_spent, customer_since, last_purchase_date
    from customer where deleted_at is null and (total_spent, id) < ($1, $2)
    order by total_spent desc, id desc limit 51";

/// Answers a page.
pub async fn page(State(store): State<Store>, Json(question): Json<Question>) -> Answer {
    let (_, total_spent, key): (String, i64, Uuid) =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(question.after)?)?;
    let mut rows = on!(store.reader, (SQL, SQL), |pool, sql| {
        sqlx::query_as::<_, Row>(sql).bind(total_spent).bind(key).fetch_all(pool).await?
    });
    let has_next_page = rows.len() > 50;
    rows.truncate(50);
    let end_cursor = rows.last().map(|row| {
        let cursor = format!("[\"TOTAL_SPENT\",{},\"{}\"]", row.total_spent, row.id.simple());
        BASE64_URL_SAFE_NO_PAD.encode(cursor)
    });
    let nodes = rows.into_iter().map(|row| customer(&store, row)).collect();
    data(Root { customers: Page { nodes, page_info: PageInfo { has_next_page, end_cursor } } })
}

/// A row as lists show it.
pub fn customer(store: &Store, row: Row) -> Customer {
    Customer {
        id: store.iri("customers", row.id),
        name: row.name,
        email: row.email,
        kind: row.kind,
        total_orders: row.total_orders,
        total_spent: Money(row.total_spent),
        customer_since: Instant(row.customer_since),
        last_purchase_date: row.last_purchase_date.map(Instant),
    }
}

//! Twelve scalars of a customer.

use anyhow::Context;
use axum::{Json, extract::State};
use sea_orm::sqlx;
use serde::{Deserialize, Serialize};

use crate::{
    answer::{Answer, data},
    store::{Store, on, row},
    value::{Instant, Money, spend_segment},
};

/// What is asked for.
#[derive(Deserialize)]
pub struct Question {
    id: String,
}

row! {
    /// A customer.
    Row {
        kind: String,
        name: String,
        given_name: Option<String>,
        family_name: Option<String>,
        email: Option<String>,
        telephone: Option<String>,
        total_orders: i64,
        total_spent: i64,
        customer_since: i64,
        last_purchase_date: Option<i64>,
    }
}

#[derive(Serialize)]
struct Root {
    customer: Customer,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    id: String,
    kind: String,
    name: String,
    given_name: Option<String>,
    family_name: Option<String>,
    email: Option<String>,
    telephone: Option<String>,
    total_orders: i64,
    total_spent: Money,
    customer_since: Instant,
    last_purchase_date: Option<Instant>,
    customer_segment: &'static str,
}

const SQL: &str = "
    select kind, name, given_name, family_name, email, telephone, total_orders, total_spent, customer_since,
        last_purchase_date
    from customer where id = $1 and deleted_at is null";

/// Answers a customer.
pub async fn point(State(store): State<Store>, Json(question): Json<Question>) -> Answer {
    let key = store.customer_key(&question.id)?;
    let row = on!(store.reader, (SQL, SQL), |pool, sql| {
        sqlx::query_as::<_, Row>(sql).bind(key).fetch_optional(pool).await?
    });
    let row = row.context("no such customer")?;
    data(Root {
        customer: Customer {
            id: store.iri("customers", key),
            kind: row.kind,
            name: row.name,
            given_name: row.given_name,
            family_name: row.family_name,
            email: row.email,
            telephone: row.telephone,
            total_orders: row.total_orders,
            total_spent: Money(row.total_spent),
            customer_since: Instant(row.customer_since),
            last_purchase_date: row.last_purchase_date.map(Instant),
            customer_segment: spend_segment(row.total_spent),
        },
    })
}

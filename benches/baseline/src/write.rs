//! A new order with its items, the customer's counters, and the event that tells of it, in one transaction.

use anyhow::Context;
use axum::{Json, extract::State};
use sea_orm::sqlx;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::{
    answer::{Answer, data},
    events,
    store::{Pool, Store},
    value::{Money, now},
};

/// What is asked for.
#[derive(Deserialize)]
pub struct Question {
    input: Input,
}

#[derive(Deserialize)]
struct Input {
    customer: String,
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    quantity: i64,
    unit_price: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Root {
    order_create: Payload,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    order: Order,
    user_errors: [(); 0],
}

#[derive(Serialize)]
struct Order {
    status: &'static str,
    total: Money,
}

/// An order goes to the customer's default shipping address.
const ORDER: (&str, &str) = (
    "insert into orders (id, customer_id, status, order_date, currency, subtotal, discount, shipping, tax, total,
        created_at, updated_at, shipping_address)
    values ($1, $2, 'PROCESSING', $3, 'USD', $4, 0, 0, 0, $4, $3, $3, (
        select json_object('name', name, 'streetAddress', street_address, 'addressLocality', address_locality,
            'addressRegion', address_region, 'postalCode', postal_code, 'addressCountry', address_country)
        from address where customer_id = $2 and is_default_shipping))",
    "insert into orders (id, customer_id, status, order_date, currency, subtotal, discount, shipping, tax, total,
        created_at, updated_at, shipping_address)
    values ($1, $2, 'PROCESSING', $3, 'USD', $4, 0, 0, 0, $4, $3, $3, (
        select jsonb_build_object('name', name, 'streetAddress', street_address, 'addressLocality', address_locality,
            'addressRegion', address_region, 'postalCode', postal_code, 'addressCountry', address_country)
        from address where customer_id = $2 and is_default_shipping))",
);

const ITEMS: (&str, &str) = (
    "insert into order_item (id, order_id, customer_id, position, name, quantity, currency, unit_price, discount)
    select unhex(value ->> 'id'), $2, $3, value ->> 'position', value ->> 'name', value ->> 'quantity', 'USD',
        value ->> 'unit_price', 0
    from json_each($1)",
    "insert into order_item (id, order_id, customer_id, position, name, quantity, currency, unit_price, discount)
    select item.id, $2, $3, item.position, item.name, item.quantity, 'USD', item.unit_price, 0
    from jsonb_to_recordset($1::jsonb)
        as item (id uuid, position integer, name text, quantity integer, unit_price bigint)",
);

const CUSTOMER: (&str, &str) = (
    "update customer set total_orders = total_orders + 1,
        first_order_date = min(coalesce(first_order_date, $2), $2),
        last_order_date = max(coalesce(last_order_date, $2), $2)
    where id = $1 and deleted_at is null",
    "update customer set total_orders = total_orders + 1,
        first_order_date = least(first_order_date, $2),
        last_order_date = greatest(last_order_date, $2)
    where id = $1 and deleted_at is null",
);

const EVENT: (&str, &str) = (
    "insert into event (id, position, kind, occurred_at, customer_id, sequence, order_id, actor, cause)
    values ($1, (select coalesce(max(position), 0) + 1 from event where position is not null), 'ORDER_CREATED', $2, $3,
        (select coalesce(max(sequence), 0) + 1 from event where customer_id = $3), $4, 'local', 'REQUEST')",
    "insert into event (id, kind, occurred_at, customer_id, sequence, order_id, actor, cause)
    values ($1, 'ORDER_CREATED', $2, $3,
        (select coalesce(max(sequence), 0) + 1 from event where customer_id = $3), $4, 'local', 'REQUEST')",
);

/// Writes the four statements' rows.
macro_rules! written {
    ($tx:expr, $which:tt, $customer:expr, $order:expr, $items:expr, $total:expr, $now:expr) => {{
        let mut tx = $tx;
        // The customer first: it is locked until the end.
        let found = sqlx::query(CUSTOMER.$which).bind($customer).bind($now).execute(&mut *tx).await?;
        (found.rows_affected() == 1).then_some(()).context("no such customer")?;
        sqlx::query(ORDER.$which).bind($order).bind($customer).bind($now).bind($total).execute(&mut *tx).await?;
        sqlx::query(ITEMS.$which).bind($items).bind($order).bind($customer).execute(&mut *tx).await?;
        let event = key();
        sqlx::query(EVENT.$which).bind(event).bind($now).bind($customer).bind($order).execute(&mut *tx).await?;
        tx.commit().await?;
    }};
}

/// Writes an order, and answers what became of it.
pub async fn write(State(store): State<Store>, Json(Question { input }): Json<Question>) -> Answer {
    let (customer, order, now) = (store.customer_key(&input.customer)?, key(), now().timestamp_millis());
    let (mut items, mut total) = (Vec::new(), 0);
    for (position, item) in (1..).zip(input.items) {
        let unit_price = item.unit_price.replacen('.', "", 1).parse::<i64>()? * 10_000;
        total += unit_price * item.quantity / 10_000;
        items.push(json!({
            "id": key().simple().to_string(),
            "position": position,
            "name": item.name,
            "quantity": item.quantity,
            "unit_price": unit_price,
        }));
    }
    let items = serde_json::to_string(&items)?;
    match &store.writer {
        Pool::Sqlite(pool) => {
            written!(pool.begin_with("begin immediate").await?, 0, customer, order, items, total, now);
        }
        Pool::Postgres(pool) => written!(pool.begin().await?, 1, customer, order, items, total, now),
    }
    events::tell(&store.events)?;
    let order = Order { status: "PROCESSING", total: Money(total) };
    data(Root { order_create: Payload { order, user_errors: [] } })
}

#[expect(clippy::disallowed_methods, reason = "this server has no clock but the machine's")]
fn key() -> Uuid {
    Uuid::now_v7()
}

//! Twenty customers after a cursor, each with their latest five orders and their items, their addresses, segments and
//! tier.

use std::collections::HashMap;

use axum::{Json, extract::State};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sea_orm::sqlx;
use serde::{Deserialize, Serialize};
use tokio::try_join;
use uuid::Uuid;

use crate::{
    answer::{Answer, data},
    store::{Pool, Store, on, row},
    value::{Instant, Money, UnitPrice},
};

/// What is asked for.
#[derive(Deserialize)]
pub struct Question {
    after: String,
}

row! {
    /// A customer.
    CustomerRow { id: Uuid, name: String, total_spent: i64 }
}

row! {
    /// The tier of a customer.
    TierRow { customer_id: Uuid, name: String }
}

row! {
    /// A segment of a customer.
    SegmentRow { customer_id: Uuid, handle: String, name: String }
}

row! {
    /// An address of a customer.
    AddressRow {
        customer_id: Uuid,
        street_address: Option<String>,
        address_locality: Option<String>,
        postal_code: Option<String>,
        address_country: Option<String>,
    }
}

row! {
    /// An order of a customer.
    OrderRow { customer_id: Uuid, id: Uuid, order_date: i64, status: String, total: i64 }
}

row! {
    /// An item of an order.
    ItemRow { order_id: Uuid, name: String, quantity: i32, unit_price: i64 }
}

#[derive(Serialize)]
struct Root {
    customers: Nodes<Customer>,
}

#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    id: String,
    name: String,
    total_spent: Money,
    loyalty_tier: Option<Tier>,
    segments: Nodes<Segment>,
    addresses: Nodes<Address>,
    orders: Nodes<Order>,
}

#[derive(Serialize)]
struct Tier {
    name: String,
}

#[derive(Serialize)]
struct Segment {
    handle: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Address {
    street_address: Option<String>,
    address_locality: Option<String>,
    postal_code: Option<String>,
    address_country: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    id: String,
    order_date: Instant,
    status: String,
    total: Money,
    items: Nodes<Item>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    name: String,
    quantity: i32,
    unit_price: UnitPrice,
}

const CUSTOMERS: &str = "
    select id, name, total_spent from customer where deleted_at is null and (total_spent, id) < ($1, $2)
    order by total_spent desc, id desc limit 20";

const TIERS: (&str, &str) = (
    "select m.customer_id, t.name from loyalty_membership m join loyalty_tier t on t.id = m.tier_id
    join loyalty_program p on p.id = m.program_id
    where m.customer_id in (select unhex(value) from json_each($1)) and p.is_default",
    "select m.customer_id, t.name from loyalty_membership m join loyalty_tier t on t.id = m.tier_id
    join loyalty_program p on p.id = m.program_id
    where m.customer_id = any($1) and p.is_default",
);

const SEGMENTS: (&str, &str) = (
    "select m.customer_id, s.handle, s.name from segment_membership m join segment s on s.id = m.segment_id
    where m.customer_id in (select unhex(value) from json_each($1)) order by s.name, s.id",
    "select m.customer_id, s.handle, s.name from segment_membership m join segment s on s.id = m.segment_id
    where m.customer_id = any($1) order by s.name, s.id",
);

const ADDRESSES: (&str, &str) = (
    "select customer_id, street_address, address_locality, postal_code, address_country from address
    where customer_id in (select unhex(value) from json_each($1)) order by created_at, id",
    "select customer_id, street_address, address_locality, postal_code, address_country from address
    where customer_id = any($1) order by created_at, id",
);

const ORDERS: (&str, &str) = (
    "select o.customer_id, o.id, o.order_date, o.status, o.total from json_each($1) p
    join orders o on o.id in (
        select id from orders where customer_id = unhex(p.value) order by order_date desc, id desc limit 5
    )
    order by o.order_date desc, o.id desc",
    "select o.customer_id, o.id, o.order_date, o.status, o.total from unnest($1) p(id)
    join lateral (
        select customer_id, id, order_date, status, total from orders
        where customer_id = p.id order by order_date desc, id desc limit 5
    ) o on true
    order by o.order_date desc, o.id desc",
);

const ITEMS: (&str, &str) = (
    "select order_id, name, quantity, unit_price from order_item
    where order_id in (select unhex(value) from json_each($1)) order by position, id",
    "select order_id, name, quantity, unit_price from order_item where order_id = any($1) order by position, id",
);

/// Reads the rows that hang on `parents`, by one statement.
macro_rules! children {
    ($store:expr, $sql:expr, $row:ty, $parents:expr) => {
        match &$store.reader {
            Pool::Sqlite(pool) => {
                let keys: Vec<_> = $parents.iter().map(|key| key.simple().to_string()).collect();
                let keys = serde_json::to_string(&keys).unwrap_or_default();
                sqlx::query_as::<_, $row>($sql.0).bind(keys).fetch_all(pool).await
            }
            Pool::Postgres(pool) => sqlx::query_as::<_, $row>($sql.1).bind($parents).fetch_all(pool).await,
        }
    };
}

/// Answers customers with all that hangs on them.
pub async fn nested(State(store): State<Store>, Json(question): Json<Question>) -> Answer {
    let (_, total_spent, key): (String, i64, Uuid) =
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(question.after)?)?;
    let customers = on!(store.reader, (CUSTOMERS, CUSTOMERS), |pool, sql| {
        sqlx::query_as::<_, CustomerRow>(sql).bind(total_spent).bind(key).fetch_all(pool).await?
    });
    let keys: Vec<_> = customers.iter().map(|customer| customer.id).collect();
    let orders = async {
        let orders = children!(store, ORDERS, OrderRow, &keys)?;
        let keys: Vec<_> = orders.iter().map(|order| order.id).collect();
        let items = children!(store, ITEMS, ItemRow, &keys)?;
        Ok::<_, sqlx::Error>((orders, items))
    };
    let (tiers, segments, addresses, (orders, items)) = try_join!(
        async { children!(store, TIERS, TierRow, &keys) },
        async { children!(store, SEGMENTS, SegmentRow, &keys) },
        async { children!(store, ADDRESSES, AddressRow, &keys) },
        orders,
    )?;

    let mut tiers = group(tiers, |row| (row.customer_id, Tier { name: row.name }));
    let mut segments = group(segments, |row| (row.customer_id, Segment { handle: row.handle, name: row.name }));
    let mut addresses = group(addresses, |row| {
        let AddressRow { customer_id, street_address, address_locality, postal_code, address_country } = row;
        (customer_id, Address { street_address, address_locality, postal_code, address_country })
    });
    let mut items = group(items, |row| {
        (row.order_id, Item { name: row.name, quantity: row.quantity, unit_price: UnitPrice(row.unit_price) })
    });
    let mut orders = group(orders, |row| {
        let order = Order {
            id: store.iri("orders", row.id),
            order_date: Instant(row.order_date),
            status: row.status,
            total: Money(row.total),
            items: Nodes { nodes: items.remove(&row.id).unwrap_or_default() },
        };
        (row.customer_id, order)
    });
    let nodes = customers.into_iter().map(|row| Customer {
        id: store.iri("customers", row.id),
        name: row.name,
        total_spent: Money(row.total_spent),
        loyalty_tier: tiers.remove(&row.id).and_then(|mut tiers| tiers.pop()),
        segments: Nodes { nodes: segments.remove(&row.id).unwrap_or_default() },
        addresses: Nodes { nodes: addresses.remove(&row.id).unwrap_or_default() },
        orders: Nodes { nodes: orders.remove(&row.id).unwrap_or_default() },
    });
    data(Root { customers: Nodes { nodes: nodes.collect() } })
}

fn group<R, T>(rows: Vec<R>, mut split: impl FnMut(R) -> (Uuid, T)) -> HashMap<Uuid, Vec<T>> {
    let mut groups: HashMap<Uuid, Vec<T>> = HashMap::new();
    for row in rows {
        let (parent, child) = split(row);
        groups.entry(parent).or_default().push(child);
    }
    groups
}

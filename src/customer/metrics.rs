//! The figures of customers: a cache of what the ledger of orders and refunds says, which this file alone
//! writes.
//!
//! The statements are the same text on both databases and touch only rows that differ, so that running them
//! again writes nothing.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{order, refund};
use sea_orm::{ConnectionTrait, QueryResult, sea_query::Value};
use uuid::Uuid;

use crate::{
    event::log,
    instant::Instant,
    store::{Dialect, execute, query},
    transaction::Transaction,
};

/// What an order comes to in minor units of the store's currency, in SQL over its row. An amount in another currency is
/// converted by the rate of its order, and rounded half up.
pub const STORE_TOTAL: &str =
    "case when exchange_rate is null then total else (total * exchange_rate + 500000) / 1000000 end";

/// As [`movements`], of the customers in the rows of a table or common table expression called `member`, each beside
/// the `columns` of its row: the rows come first, and the movements of each are found by the index of customers.
/// SQLite keeps to the order of a cross join, also where it has counted few movements and there are many by now.
#[must_use]
pub fn movements_of_members(member: &str, columns: &str) -> String {
    format!(
        "(
            select {columns}, delivered_at as instant, {STORE_TOTAL} as amount
            from {member} cross join orders
            where orders.customer_id = {member}.customer_id and delivered_at is not null
            union all
            select {columns}, refunded_at, -store_amount
            from {member} cross join refund
            where refund.customer_id = {member}.customer_id
        )"
    )
}

/// A derived table of movements of money: each purchase at its delivery, each refund with a negative amount, in minor
/// units of the store's currency. Its columns are `customer_id`, `instant` and `amount`.
///
/// Only those are in it whose `customer_id` fulfils `is_meant`: where few customers are, the condition stands here, as
/// SQLite reads all of a union before it asks a condition about it that has a query of its own.
///
/// An amount in another currency is converted by the rate of its order, and rounded half up.
#[must_use]
pub fn movements(is_meant: &str) -> String {
    format!(
        "(
            select customer_id, delivered_at as instant, {STORE_TOTAL} as amount
            from orders
            where delivered_at is not null and {is_meant}
            union all
            select customer_id, refunded_at, -store_amount
            from refund
            where {is_meant}
        )"
    )
}

/// The figures that are kept of a customer, by their columns and their names in GraphQL.
pub(super) const FIGURES: [(&str, &str); 6] = [
    ("total_orders", "totalOrders"),
    ("delivered_orders", "deliveredOrders"),
    ("total_spent", "totalSpent"),
    ("first_order_date", "firstOrderDate"),
    ("last_order_date", "lastOrderDate"),
    ("last_purchase_date", "lastPurchaseDate"),
];

/// The columns of figures.
#[must_use]
pub fn columns() -> [&'static str; 6] {
    FIGURES.map(|(column, _)| column)
}

/// Rebuilds the figures of `customers`, or of all, from what their ledgers hold at `as_of`, and counts the
/// customers whose figures were different. Later entries do not exist yet.
///
/// An order counts from its order date unless it is cancelled, a purchase from its delivery, a refund from
/// its own instant.
///
/// # Errors
/// When the database fails.
pub async fn rebuild(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customers: Option<&[Uuid]>,
) -> anyhow::Result<u64> {
    write(tx, as_of, customers, &columns()).await
}

/// As [`rebuild`], but these columns alone: SQLite writes the index of each column that a statement sets, also where it
/// stays what it was.
///
/// # Errors
/// When the database fails.
pub async fn correct(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customers: &[Uuid],
    columns: &[&'static str],
) -> anyhow::Result<u64> {
    write(tx, as_of, Some(customers), columns).await
}

async fn write(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customers: Option<&[Uuid]>,
    columns: &[&'static str],
) -> anyhow::Result<u64> {
    let assignments: Vec<_> = columns.iter().map(|column| format!("{column} = ledger.{column}")).collect();
    let sql = format!(
        "update customer set {assignments}
        from {ledger} ledger
        where customer.id = ledger.id and ({differs})",
        assignments = assignments.join(", "),
        ledger = ledger(tx, customers),
        differs = differs(columns),
    );
    let parameters = parameters(tx, as_of, customers);
    execute(tx, &sql, parameters).await.context("could not rebuild the figures of customers from their orders")
}

/// The condition that a row of `orders` tells of an order that was placed, and not cancelled, by the instant `at`.
#[must_use]
pub fn is_placed(at: &str) -> String {
    format!("order_date <= {at} and (cancelled_at is null or cancelled_at > {at})")
}

/// A derived table of the figures that ledgers hold at parameter 1, of the customers among parameter 2, or of all.
pub fn ledger(db: &impl ConnectionTrait, customers: Option<&[Uuid]>) -> String {
    let dialect = Dialect::from(db.get_database_backend());
    let within = |column| customers.map_or_else(|| "true".to_owned(), |_| dialect.is_among(column, 2));
    ledger_at("$1", &within("customer_id"), "customer", &within("customer.id"))
}

/// A derived table of the figures that ledgers hold at the instant `at`: of those of `customers`, a table, that fulfil
/// `is_meant`. Only the orders and refunds that fulfil `counts` are read, each once.
#[must_use]
pub fn ledger_at(at: &str, counts: &str, customers: &str, is_meant: &str) -> String {
    let is_placed = is_placed(at);
    let is_delivered = format!("delivered_at <= {at}");
    format!(
        "(
            select customer.id,
                customer.customer_since,
                coalesce(ordered.orders, 0) as total_orders,
                coalesce(ordered.purchases, 0) as delivered_orders,
                coalesce(ordered.spent, 0) - coalesce(returned.amount, 0) as total_spent,
                ordered.first_order_date,
                ordered.last_order_date,
                ordered.last_purchase_date
            from {customers} as customer
            left join (
                select customer_id,
                    count(*) filter (where {is_placed}) as orders,
                    min(order_date) filter (where {is_placed}) as first_order_date,
                    max(order_date) filter (where {is_placed}) as last_order_date,
                    count(*) filter (where {is_delivered}) as purchases,
                    max(delivered_at) filter (where {is_delivered}) as last_purchase_date,
                    cast(sum({STORE_TOTAL}) filter (where {is_delivered}) as bigint) as spent
                from orders
                where (order_date <= {at} or delivered_at <= {at}) and {counts}
                group by customer_id
            ) ordered on ordered.customer_id = customer.id
            left join (
                select customer_id, cast(sum(store_amount) as bigint) as amount
                from refund
                where refunded_at <= {at} and {counts}
                group by customer_id
            ) returned on returned.customer_id = customer.id
            where {is_meant}
        )"
    )
}

/// The condition that a customer's figures are not those of the ledger.
pub(super) fn differs(columns: &[&'static str]) -> String {
    columns.iter().map(|column| is_different(column)).collect::<Vec<_>>().join(" or ")
}

/// The condition that this column is not what the ledger says.
pub(super) fn is_different(column: &str) -> String {
    format!("customer.{column} is distinct from ledger.{column}")
}

pub(super) fn parameters(db: &impl ConnectionTrait, as_of: DateTime<Utc>, customers: Option<&[Uuid]>) -> Vec<Value> {
    let dialect = Dialect::from(db.get_database_backend());
    let keys = customers.map(|keys| dialect.parameter(keys));
    std::iter::once(as_of.timestamp_millis().into()).chain(keys).collect()
}

/// The figures of a customer at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// When the customer joined.
    pub customer_since: Instant,
    /// How many orders were placed and not cancelled.
    pub total_orders: i64,
    /// How many orders were delivered.
    pub delivered_orders: i64,
    /// What the customer spent, less refunds, in minor units of the store's currency.
    pub total_spent: i64,
    /// When the first order was placed.
    pub first_order_date: Option<Instant>,
    /// When the last order was placed.
    pub last_order_date: Option<Instant>,
    /// When the last purchase was delivered.
    pub last_purchase_date: Option<Instant>,
}

/// The figures that the ledgers of `customers` hold at `as_of`, in one statement. Those who joined later are left out.
///
/// # Errors
/// When the database fails.
pub async fn at(
    db: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customers: &[Uuid],
) -> anyhow::Result<HashMap<Uuid, Figures>> {
    let columns = FIGURES.map(|(column, _)| column).join(", ");
    let sql = format!(
        "select id, customer_since, {columns} from {} ledger where customer_since <= $1",
        ledger(db, Some(customers))
    );
    let rows = query(db, &sql, parameters(db, as_of, Some(customers))).await;
    let rows = rows.context("could not read the figures of customers from their orders")?;
    let instant = |row: &QueryResult, index| {
        let milliseconds: Option<i64> = row.try_get_by_index(index)?;
        milliseconds.map(Instant::stored).transpose()
    };
    rows.iter()
        .map(|row| {
            let figures = Figures {
                customer_since: Instant::stored(row.try_get_by_index(1)?)?,
                total_orders: row.try_get_by_index(2)?,
                delivered_orders: row.try_get_by_index(3)?,
                total_spent: row.try_get_by_index(4)?,
                first_order_date: instant(row, 5)?,
                last_order_date: instant(row, 6)?,
                last_purchase_date: instant(row, 7)?,
            };
            Ok((row.try_get_by_index(0)?, figures))
        })
        .collect()
}

/// Lets customers, whose rows are locked, have joined with the earliest entry of their ledgers, unless it was said when
/// they did. Who was not said to have joined before did so when they were entered, or with an entry that was the earliest.
///
/// # Errors
/// When the database fails.
pub async fn backdate(tx: &impl ConnectionTrait, customers: &[Uuid]) -> anyhow::Result<()> {
    let dialect = Dialect::from(tx.get_database_backend());
    let sql = format!(
        "update customer set customer_since = ledger.earliest
        from (
            select customer_id, min(instant) as earliest from (
                select customer_id, order_date as instant from orders where {is_meant}
                union all select customer_id, refunded_at from refund where {is_meant}
            ) entry
            group by customer_id
        ) ledger
        where customer.id = ledger.customer_id and ledger.earliest < customer.customer_since and (
            customer.customer_since = customer.created_at
            or exists (
                select 1 from orders
                where orders.customer_id = customer.id and orders.order_date = customer.customer_since
            ) or exists (
                select 1 from refund
                where refund.customer_id = customer.id and refund.refunded_at = customer.customer_since
            )
        )",
        is_meant = dialect.is_among("customer_id", 1),
    );
    let backdated = execute(tx, &sql, vec![dialect.parameter(customers)]).await;
    backdated.context("could not tell since when customers are there")?;
    Ok(())
}

/// Counts a new order of a customer.
///
/// # Errors
/// When the database fails.
pub async fn add_order(tx: &Transaction, order: &order::Model) -> anyhow::Result<()> {
    let sql = "update customer set
            total_orders = total_orders + 1,
            first_order_date = case when first_order_date <= $2 then first_order_date else $2 end,
            last_order_date = case when last_order_date >= $2 then last_order_date else $2 end
        where id = $1";
    let parameters = vec![order.customer_id.into(), order.order_date.0.timestamp_millis().into()];
    execute(&*tx.db, sql, parameters).await.context("could not count an order")?;
    tx.lock(order.customer_id);
    if order.order_date.0 < order.created_at.0 {
        backdate(&*tx.db, &[order.customer_id]).await?;
    }
    Ok(())
}

/// Counts an order of a customer no longer, which was cancelled just now. Its dates may have been the first or last, so
/// that the figures are rebuilt.
///
/// # Errors
/// When the database fails.
pub async fn remove_order(tx: &Transaction, order: &order::Model) -> anyhow::Result<()> {
    let customer = order.customer_id;
    // What the statement reads is as of its beginning. Whoever else changes the orders of the customer has changed
    // their figures by then, or waits.
    log::lock(&*tx.db, &[customer]).await?;
    tx.lock(customer);
    rebuild(&*tx.db, tx.as_of(), Some(&[customer])).await?;
    Ok(())
}

/// Counts an order of a customer that was delivered just now. Whoever delivers it sees to it that this happens once.
///
/// # Errors
/// When the database fails.
pub async fn add_purchase(tx: &Transaction, order: &order::Model) -> anyhow::Result<()> {
    let sql = "update customer set
            delivered_orders = delivered_orders + 1,
            total_spent = total_spent + $3,
            last_purchase_date = case when last_purchase_date >= $2 then last_purchase_date else $2 end
        where id = $1";
    let delivered_at = order.delivered_at.map_or(tx.now, |at| at.0);
    let amount = in_store_currency(order.total, order.exchange_rate);
    let parameters = vec![order.customer_id.into(), delivered_at.timestamp_millis().into(), amount.into()];
    execute(&*tx.db, sql, parameters).await.context("could not count a purchase")?;
    tx.lock(order.customer_id);
    tx.note_instant(delivered_at);
    Ok(())
}

/// Takes what was returned to a customer from what they spent.
///
/// # Errors
/// When the database fails.
pub async fn subtract_refund(tx: &Transaction, refund: &refund::Model) -> anyhow::Result<()> {
    let sql = "update customer set total_spent = total_spent - $2 where id = $1";
    let parameters = vec![refund.customer_id.into(), refund.store_amount.into()];
    execute(&*tx.db, sql, parameters).await.context("could not count a refund")?;
    tx.lock(refund.customer_id);
    if refund.refunded_at.0 < refund.created_at.0 {
        backdate(&*tx.db, &[refund.customer_id]).await?;
    }
    tx.note_instant(refund.refunded_at.0);
    Ok(())
}

/// An amount in the store's currency, by the same rule as [`movements`].
#[must_use]
pub fn in_store_currency(amount: i64, exchange_rate: Option<i64>) -> i64 {
    let Some(rate) = exchange_rate else { return amount };
    let converted = (i128::from(amount) * i128::from(rate) + 500_000) / 1_000_000;
    // Amounts are checked when they are entered.
    i64::try_from(converted).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use entity::{ChronoUnixTimestampMillis, customer, order::OrderStatus};
    use sea_orm::EntityTrait;

    use super::*;
    use crate::{
        given::{ago, customer, each_store, now, purchase, refund},
        store::insert_all,
    };

    #[tokio::test]
    async fn figures_are_what_the_ledger_holds_at_an_instant() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            let mut cancelled = purchase(jane, ago(50), 900);
            cancelled.status = OrderStatus::Cancelled;
            cancelled.delivered_at = None;
            cancelled.cancelled_at = Some(ChronoUnixTimestampMillis(ago(40)));
            let mut foreign = purchase(jane, ago(20), 333);
            foreign.currency = "EUR".to_owned();
            foreign.exchange_rate = Some(1_105_000);
            let orders = vec![purchase(jane, ago(60), 1000), cancelled, foreign];
            insert_all(&tx, orders).await?;
            insert_all(&tx, vec![refund(jane, ago(10), 1500)]).await?;
            // As of so many days ago: orders, purchases, spent.
            let cases = [
                (61, (0, 0, 0)),
                (60, (1, 1, 1000)),
                (45, (2, 1, 1000)),
                (30, (1, 1, 1000)),
                (20, (2, 2, 1368)),
                (0, (2, 2, -132)),
            ];

            for (days, expected) in cases {
                rebuild(&tx, ago(days), Some(&[jane])).await?;
                let figures = customer::Entity::find_by_id(jane).one(&tx).await?.expect("Jane");
                let figures = (figures.total_orders, figures.delivered_orders, figures.total_spent);
                assert_eq!(figures, expected, "{days} days ago");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn only_figures_that_differ_are_written() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            let john = customer(&tx, "John").await?;
            insert_all(&tx, vec![purchase(jane, ago(1), 1), purchase(john, ago(1), 1)]).await?;

            assert_eq!(rebuild(&tx, now(), Some(&[jane])).await?, 1);
            assert_eq!(rebuild(&tx, now(), None).await?, 1);
            assert_eq!(rebuild(&tx, now(), None).await?, 0);
            Ok(())
        })
        .await
    }
}

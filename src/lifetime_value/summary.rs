//! What the model knows of each customer, told by the ledger.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{INSTANT_BEFORE_ALL, lifetime_value_prediction};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};
use uuid::Uuid;

use super::bg_nbd::History;
use crate::{
    customer::metrics::STORE_TOTAL,
    instant::DAY,
    store::{Dialect, query},
};

/// How many customers are read at once.
pub const PAGE_SIZE: usize = 5000;

/// The purchases of a customer, those of a day of UTC being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// When they bought.
    pub history: History,
    /// What they spent on all days but the first, in minor units of the store's currency. Refunds are not deducted.
    pub repeat_spent: i64,
}

/// A customer, and what is stored of what is predicted of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The customer.
    pub customer: Uuid,
    /// Their purchases; none before the first.
    pub summary: Option<Summary>,
    /// What is stored.
    pub stored: Option<lifetime_value_prediction::Model>,
}

/// What is known at `as_of` of the next [`PAGE_SIZE`] customers, by key, after the customer `after`. Customers who are
/// deleted are left out, unless something is predicted of them: their purchases are not told. Where `is_historical`, those
/// who were deleted later are there.
///
/// # Errors
/// When the database fails.
pub async fn page(
    db: &impl ConnectionTrait,
    (as_of, is_historical): (DateTime<Utc>, bool),
    after: Uuid,
) -> anyhow::Result<Vec<Known>> {
    let is_gone = if is_historical { "deleted_at <= $1" } else { IS_DELETED };
    let page = format!(
        "id > $3 and (({is_gone}) is not true or id in (select customer_id from lifetime_value_prediction))
        order by id limit {PAGE_SIZE}"
    );
    read(db, as_of, is_gone, &page, after.into()).await
}

/// The condition that a customer is deleted, whenever that was.
const IS_DELETED: &str = "deleted_at is not null";

/// What is known of `customers` at `as_of`.
///
/// # Errors
/// When the database fails.
pub async fn of(db: &impl ConnectionTrait, as_of: DateTime<Utc>, customers: &[Uuid]) -> anyhow::Result<Vec<Known>> {
    let dialect = Dialect::from(db.get_database_backend());
    read(db, as_of, IS_DELETED, &dialect.is_among("id", 3), dialect.parameter(customers)).await
}

/// What is known at `as_of` of the customers who fulfil `is_meant`, which reads `parameter` as number 3; nothing of those
/// of whom `is_gone` holds.
async fn read(
    db: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    is_gone: &str,
    is_meant: &str,
    parameter: Value,
) -> anyhow::Result<Vec<Known>> {
    let sql = format!(
        "with page as (
            select id, ({is_gone}) is true as is_gone from customer where {is_meant}
        ), days as (
            select customer_id, (delivered_at - ({INSTANT_BEFORE_ALL})) / {DAY} as day, sum({STORE_TOTAL}) as spent
            from orders
            where delivered_at <= $1 and customer_id in (select id from page where not is_gone)
            group by customer_id, day
        ), summary as (
            select customer_id, count(*) - 1 as repeats, max(day) - min(day) as recency, $2 - min(day) as age,
                cast(sum(case when day = first_day then 0 else spent end) as bigint) as spent
            from (select days.*, min(day) over (partition by customer_id) as first_day from days) days
            group by customer_id
        )
        select page.id, summary.repeats, summary.recency, summary.age, summary.spent,
            stored.repeats, stored.recency_days, stored.age_days, stored.repeat_spent, stored.r, stored.alpha, stored.a,
            stored.b, stored.p_alive, stored.expected_average_value, stored.predicted_lifetime_value
        from page
        left join summary on summary.customer_id = page.id
        left join lifetime_value_prediction stored on stored.customer_id = page.id
        order by page.id"
    );
    let as_of = as_of.timestamp_millis();
    let today = (as_of - INSTANT_BEFORE_ALL).div_euclid(DAY);
    let rows = query(db, &sql, vec![as_of.into(), today.into(), parameter]).await;
    let rows = rows.context("could not read what customers bought")?;
    rows.iter().map(known).collect::<Result<_, _>>().context("could not read what a customer bought")
}

fn known(row: &QueryResult) -> Result<Known, DbErr> {
    let customer = row.try_get_by_index(0)?;
    let summary = match row.try_get_by_index(1)? {
        None => None,
        Some(repeats) => {
            let history = History {
                repeats: days(repeats),
                recency_days: days(row.try_get_by_index(2)?),
                age_days: days(row.try_get_by_index(3)?),
            };
            Some(Summary { history, repeat_spent: row.try_get_by_index(4)? })
        }
    };
    let stored = match row.try_get_by_index(5)? {
        None => None,
        Some(repeats) => Some(lifetime_value_prediction::Model {
            customer_id: customer,
            repeats,
            recency_days: row.try_get_by_index(6)?,
            age_days: row.try_get_by_index(7)?,
            repeat_spent: row.try_get_by_index(8)?,
            r: row.try_get_by_index(9)?,
            alpha: row.try_get_by_index(10)?,
            a: row.try_get_by_index(11)?,
            b: row.try_get_by_index(12)?,
            p_alive: row.try_get_by_index(13)?,
            expected_average_value: row.try_get_by_index(14)?,
            predicted_lifetime_value: row.try_get_by_index(15)?,
        }),
    };
    Ok(Known { customer, summary, stored })
}

/// A number of days. Between the years 0001 and 9999 there are fewer than four million.
fn days(days: i64) -> u32 {
    u32::try_from(days).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::{ChronoUnixTimestampMillis, order::OrderStatus};

    use super::*;
    use crate::{
        given::{ago, customer, each_store, now, purchase, refund},
        store::{execute, insert_all},
    };

    #[tokio::test]
    async fn purchases_of_a_day_of_utc_are_one_and_refunds_do_not_count() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            let day: DateTime<Utc> = "2026-11-01T00:00:00Z".parse()?;
            let last_moment = day + TimeDelta::days(1) - TimeDelta::milliseconds(1);
            let mut cancelled = purchase(jane, ago(90), 9000);
            cancelled.status = OrderStatus::Cancelled;
            cancelled.delivered_at = None;
            cancelled.cancelled_at = Some(ChronoUnixTimestampMillis(ago(80)));
            let mut undelivered = purchase(jane, ago(70), 9000);
            undelivered.status = OrderStatus::Processing;
            undelivered.delivered_at = None;
            let mut foreign = purchase(jane, day + TimeDelta::days(1), 333);
            foreign.currency = "EUR".to_owned();
            foreign.exchange_rate = Some(1_105_000);
            let orders = vec![
                cancelled,
                undelivered,
                purchase(jane, day, 1000),
                purchase(jane, last_moment, 500),
                foreign,
                purchase(jane, day + TimeDelta::days(8), 70),
                purchase(jane, day + TimeDelta::days(8), 7),
                purchase(jane, now() + TimeDelta::milliseconds(1), 9000),
            ];
            insert_all(&tx, orders).await?;
            insert_all(&tx, vec![refund(jane, ago(5), 900)]).await?;
            // As of so many milliseconds after the first day began: repeats, recency, age, spent on repeat days. The
            // foreign order is 3.67965 dollars.
            let cases = [
                (-1, None),
                (0, Some((0, 0, 0, 0))),
                (86_399_999, Some((0, 0, 0, 0))),
                (86_400_000, Some((1, 1, 1, 368))),
                (8 * 86_400_000, Some((2, 8, 8, 445))),
                (21 * 86_400_000, Some((2, 8, 21, 445))),
            ];

            for (after, expected) in cases {
                let known = page(&tx, (day + TimeDelta::milliseconds(after), false), Uuid::nil()).await?;
                let expected = expected.map(|(repeats, recency_days, age_days, repeat_spent)| Summary {
                    history: History { repeats, recency_days, age_days },
                    repeat_spent,
                });
                assert_eq!(known, [Known { customer: jane, summary: expected, stored: None }], "{after}");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn customers_come_by_key_and_deleted_ones_not_at_all() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let mut keys = vec![customer(&tx, "Jane").await?, customer(&tx, "John").await?];
            keys.sort_unstable();
            let names = |known: Vec<Known>| known.into_iter().map(|known| known.customer).collect::<Vec<_>>();

            assert_eq!(names(page(&tx, (now(), false), Uuid::nil()).await?), keys);
            assert_eq!(names(page(&tx, (now(), false), keys[0]).await?), keys[1..]);
            execute(&tx, "update customer set deleted_at = 1 where id = $1", vec![keys[0].into()]).await?;
            assert_eq!(names(page(&tx, (now(), false), Uuid::nil()).await?), keys[1..]);
            execute(&tx, "update customer set deleted_at = $1", vec![now().timestamp_millis().into()]).await?;
            assert!(page(&tx, (now(), true), Uuid::nil()).await?.is_empty());
            assert_eq!(names(page(&tx, (ago(1), true), Uuid::nil()).await?), keys, "they were there then");
            assert!(page(&tx, (ago(1), false), Uuid::nil()).await?.is_empty());
            execute(&tx, "update customer set deleted_at = null where id = $1", vec![keys[1].into()]).await?;
            let sql = "insert into lifetime_value_prediction
                (customer_id, repeats, recency_days, age_days, repeat_spent, r, alpha, a, b, p_alive)
                values ($1, 0, 0, 0, 0, 1, 1, 1, 1, 1)";
            execute(&tx, sql, vec![keys[0].into()]).await?;
            insert_all(&tx, vec![purchase(keys[0], ago(5), 100)]).await?;
            let known = page(&tx, (now(), false), Uuid::nil()).await?;
            let known: Vec<_> = known.iter().map(|known| (known.summary, known.stored.is_some())).collect();
            assert_eq!(known, [(None, true), (None, false)], "what is predicted of the deleted is to be forgotten");
            Ok(())
        })
        .await
    }
}

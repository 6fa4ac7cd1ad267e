//! Losing customers and winning them back, as their churn risk tells.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::term::Term;
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use super::risk::{ChurnRisk, risk_text};
use crate::{
    event::Event,
    store::{Kind, execute, query},
    transaction::Transaction,
};

/// The customers whose risk at `now` is high and was not when that was last looked at, or the other way round, or who
/// were never looked at.
///
/// # Errors
/// When the database fails.
pub async fn misjudged(db: &impl ConnectionTrait, now: DateTime<Utc>) -> anyhow::Result<Vec<Uuid>> {
    let sql = format!("{} order by customer.id", differing(now));
    let rows = query(db, &sql, Vec::new()).await.context("could not tell the churn risk of customers")?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Looks at `customers` now, whose rows are locked, and tells of those who were lost or won back since the last time.
/// The first time nothing is told. Gives how many of them are not what they were.
///
/// # Errors
/// When the database fails.
pub async fn reconsider(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<usize> {
    let dialect = tx.dialect();
    let sql = format!("{} and {} order by customer.id", differing(tx.now), dialect.is_among("customer.id", 1));
    let rows = query(&*tx.db, &sql, vec![dialect.parameter(customers)]).await;
    let rows = rows.context("could not tell the churn risk of customers")?;
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        let (customer, is_churned): (Uuid, bool) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let was_churned: Option<bool> = row.try_get_by_index(2)?;
        if was_churned.is_some() {
            tx.emit(if is_churned {
                Event::CustomerChurned { customer }
            } else {
                Event::CustomerReactivated { customer }
            });
        }
        records.push(json!({ "id": customer.simple().to_string(), "is_churned": i64::from(is_churned) }));
    }
    let changed = records.len();
    if changed > 0 {
        let sql = format!(
            "insert into churn_state (id, is_churned, since)
            select told.id, told.is_churned = 1, $2 from {} told where true
            on conflict (id) do update set is_churned = excluded.is_churned, since = excluded.since",
            dialect.table_of_records(1, &[("id", Kind::Key), ("is_churned", Kind::Integer)]),
        );
        let parameters = vec![dialect.records(records), tx.now.timestamp_millis().into()];
        execute(&*tx.db, &sql, parameters).await.context("could not keep who is churned")?;
    }
    Ok(changed)
}

/// `select` of the live customers who are not what they were, with what they are at `now`, and what they were: lost.
fn differing(now: DateTime<Utc>) -> String {
    let is_churned =
        format!("({} = '{}')", risk_text(&now.timestamp_millis().to_string()), ChurnRisk::High.description().name);
    format!(
        "select customer.id, {is_churned}, state.is_churned
        from customer left join churn_state state on state.id = customer.id
        where customer.deleted_at is null and (state.id is null or state.is_churned <> {is_churned})"
    )
}

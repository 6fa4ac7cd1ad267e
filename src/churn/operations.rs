//! Losing customers and winning them back, as their churn risk tells.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::term::Term;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::risk::{ChurnRisk, risk_text};
use crate::{
    event::Event,
    store::{execute, query},
    transaction::Transaction,
};

/// The customers whose risk at `now` is high and was not when that was last looked at, or the other way round, or who
/// were never looked at.
///
/// # Errors
/// When the database fails.
pub async fn misjudged(db: &impl ConnectionTrait, now: DateTime<Utc>) -> anyhow::Result<Vec<Uuid>> {
    let sql = format!(
        "select customer.id
        from customer left join churn_state state on state.id = customer.id
        where customer.deleted_at is null and (state.id is null or state.is_churned <> {})
        order by customer.id",
        is_churned("cast($1 as bigint)"),
    );
    let rows = query(db, &sql, vec![now.timestamp_millis().into()]).await;
    let rows = rows.context("could not tell the churn risk of customers")?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Looks at `customers` now, whose rows are locked, and tells of those who were lost or won back since the last time.
/// The first time nothing is told. Gives how many of them are not what they were.
///
/// # Errors
/// When the database fails.
pub async fn reconsider(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<usize> {
    let dialect = tx.dialect();
    let (is_churned, is_meant) = (is_churned("cast($1 as bigint)"), dialect.is_among("customer.id", 2));
    let parameters = || vec![tx.now.timestamp_millis().into(), dialect.parameter(customers)];
    let turned = format!(
        "update churn_state set is_churned = not is_churned, since = $1
        where id in (
            select customer.id from customer join churn_state state on state.id = customer.id
            where customer.deleted_at is null and {is_meant} and state.is_churned <> {is_churned}
        )
        returning id, is_churned"
    );
    let turned = query(&*tx.db, &turned, parameters()).await.context("could not keep who is churned")?;
    let turned = turned.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
    let turned = turned.collect::<Result<BTreeMap<Uuid, bool>, DbErr>>()?;
    let first = format!(
        "insert into churn_state (id, is_churned, since)
        select customer.id, {is_churned}, $1 from customer
        where customer.deleted_at is null and {is_meant}
            and not exists (select 1 from churn_state state where state.id = customer.id)"
    );
    let first = execute(&*tx.db, &first, parameters()).await.context("could not keep who is churned")?;
    let changed = turned.len() + usize::try_from(first).unwrap_or_default();
    for (customer, is_churned) in turned {
        tx.emit(if is_churned { Event::CustomerChurned { customer } } else { Event::CustomerReactivated { customer } });
    }
    Ok(changed)
}

/// The condition on the row `customer` that their risk is high at the instant `now`.
fn is_churned(now: &str) -> String {
    format!("({} = '{}')", risk_text(now), ChurnRisk::High.description().name)
}

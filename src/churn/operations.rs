//! Losing customers and winning them back, as their churn risk tells.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use sea_orm::{DbErr, Statement, StreamTrait};
use uuid::Uuid;

use super::risk::high_from;
use crate::{
    event::Event,
    store::{execute, query, read_each},
    transaction::Transaction,
};

/// A customer who is not what they were when they were last looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misjudged {
    /// Nobody ever looked at them.
    New(Uuid),
    /// They were lost or won back since.
    Turned(Uuid),
}

impl Misjudged {
    /// Who it is.
    #[must_use]
    pub fn customer(self) -> Uuid {
        match self {
            Self::New(customer) | Self::Turned(customer) => customer,
        }
    }
}

/// The customers whose risk at `now` is high and was not when that was last looked at, or the other way round, or who
/// were never looked at.
///
/// # Errors
/// When the database fails.
pub async fn misjudged(db: &impl StreamTrait, now: DateTime<Utc>) -> anyhow::Result<Vec<Misjudged>> {
    let sql = format!(
        "select customer.id, state.id is null
        from customer left join churn_state state on state.id = customer.id
        where customer.deleted_at is null and (state.id is null or state.is_churned <> {})
        order by customer.id",
        is_churned("cast($1 as bigint)"),
    );
    let parameters = [now.timestamp_millis().into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, parameters);
    let misjudged = read_each(db, statement, |row| {
        let (customer, is_new) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        Ok(if is_new { Misjudged::New(customer) } else { Misjudged::Turned(customer) })
    });
    misjudged.await.context("could not tell the churn risk of customers")
}

/// Looks at `customers` now, whose rows are locked, and tells of those who were lost or won back since the last time.
/// The first time nothing is told, and customers between them at whom nobody looked may be looked at with them, whose
/// rows are not locked. Gives how many are not what they were.
///
/// # Errors
/// When the database fails.
pub async fn reconsider(tx: &Transaction, customers: &[Misjudged]) -> anyhow::Result<usize> {
    let (mut first, mut known) = (Vec::new(), Vec::new());
    for misjudged in customers {
        match misjudged {
            Misjudged::New(customer) => first.push(*customer),
            Misjudged::Turned(customer) => known.push(*customer),
        }
    }
    let turned = if known.is_empty() { BTreeMap::new() } else { turn(tx, &known).await? };
    let first = if first.is_empty() { 0 } else { look_first(tx, &first).await? };
    let changed = turned.len() + usize::try_from(first).unwrap_or_default();
    for (customer, is_churned) in turned {
        tx.emit(if is_churned { Event::CustomerChurned { customer } } else { Event::CustomerReactivated { customer } });
    }
    Ok(changed)
}

/// Gives those who were lost or won back, and whether they are lost.
async fn turn(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<BTreeMap<Uuid, bool>> {
    let sql = format!(
        "update churn_state set is_churned = not is_churned, since = $1
        where id in (
            select customer.id from customer join churn_state state on state.id = customer.id
            where customer.deleted_at is null and {is_meant} and state.is_churned <> {is_churned}
        )
        returning id, is_churned",
        is_meant = tx.dialect().is_among("customer.id", 2),
        is_churned = is_churned("cast($1 as bigint)"),
    );
    let parameters = vec![tx.now.timestamp_millis().into(), tx.dialect().parameter(customers)];
    let turned = query(&*tx.db, &sql, parameters).await.context("could not keep who is churned")?;
    let turned = turned.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
    Ok(turned.collect::<Result<_, DbErr>>()?)
}

/// Looks at customers for the first time, and counts them. Where few others are among them, it looks at all from the least
/// to the greatest of their keys, of whom nobody looked at yet: a range is found several times as fast as each key of a list.
async fn look_first(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<u64> {
    let (Some(least), Some(greatest)) = (customers.iter().min(), customers.iter().max()) else { return Ok(0) };
    let context = "could not keep who is churned";
    let most = i64::try_from(customers.len() * 2)?;
    let counted =
        format!("select count(*) from (select 1 from customer where id between $1 and $2 limit {most}) counted");
    let counted = query(&*tx.db, &counted, vec![(*least).into(), (*greatest).into()])
        .await
        .context("could not count customers")?;
    let are_close = counted.first().context("a count has a row")?.try_get_by_index::<i64>(0)? < most;
    let mut parameters = vec![tx.now.timestamp_millis().into()];
    let is_meant = if are_close {
        parameters.extend([(*least).into(), (*greatest).into()]);
        "customer.id between $2 and $3".to_owned()
    } else {
        parameters.push(tx.dialect().parameter(customers));
        tx.dialect().is_among("customer.id", 2)
    };
    let sql = format!(
        "insert into churn_state (id, is_churned, since)
        select customer.id, {is_churned}, $1 from customer
        where customer.deleted_at is null and {is_meant}
        on conflict (id) do nothing",
        is_churned = is_churned("cast($1 as bigint)"),
    );
    execute(&*tx.db, &sql, parameters).await.context(context)
}

/// The condition on the row `customer` that their risk is high at the instant `now`.
fn is_churned(now: &str) -> String {
    format!("({now} >= {})", high_from("customer"))
}

//! Figures of customers that are not what their ledgers hold.

use std::collections::BTreeMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryResult, Statement, StreamTrait};
use uuid::Uuid;

use super::metrics::{FIGURES, columns, differs, is_different, ledger, parameters};
use crate::store::{query, read_each};

/// A figure that is not what the ledger says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// Whose figure it is.
    pub customer: Uuid,
    /// Which: its name in GraphQL.
    pub figure: &'static str,
    /// What is kept: a number, minor units of the store's currency, or milliseconds since 1970; none for null.
    pub kept: Option<i64>,
    /// What the ledger says, alike.
    pub ledger: Option<i64>,
}

/// Compares the figures of all customers with what their ledgers hold at `as_of`: how many customers have figures
/// that drifted, and the drift of the first `limit` of them.
///
/// # Errors
/// When the database fails.
pub async fn verify(db: &impl ConnectionTrait, as_of: DateTime<Utc>, limit: u32) -> anyhow::Result<(i64, Vec<Drift>)> {
    let from = from(db);
    let columns = FIGURES.map(|(column, _)| format!("customer.{column}, ledger.{column}")).join(", ");
    let context = "could not compare the figures of customers with their orders";
    let count = query(db, &format!("select count(*) {from}"), parameters(db, as_of, None)).await.context(context)?;
    let count = count.first().context(context)?.try_get_by_index(0)?;
    let sql = format!("select customer.id, {columns} {from} order by customer.id limit {limit}");
    let mut drifts = Vec::new();
    for row in query(db, &sql, parameters(db, as_of, None)).await.context(context)? {
        for (index, (_, figure)) in FIGURES.into_iter().enumerate() {
            let (kept, ledger) = (row.try_get_by_index(1 + 2 * index)?, row.try_get_by_index(2 + 2 * index)?);
            if kept != ledger {
                drifts.push(Drift { customer: row.try_get_by_index(0)?, figure, kept, ledger });
            }
        }
    }
    Ok((count, drifts))
}

/// The customers whose figures are not what their ledgers hold at `as_of`, in the order of keys, by the columns in which
/// they drifted.
///
/// # Errors
/// When the database fails.
pub async fn drifted<D: ConnectionTrait + StreamTrait>(
    db: &D,
    as_of: DateTime<Utc>,
) -> anyhow::Result<BTreeMap<Vec<&'static str>, Vec<Uuid>>> {
    let differ = columns().map(is_different).join(", ");
    let sql = format!("select customer.id, {differ} {} order by customer.id", from(db));
    let statement =
        Statement::from_sql_and_values(StreamTrait::get_database_backend(db), sql, parameters(db, as_of, None));
    let mut drifted: BTreeMap<_, Vec<Uuid>> = BTreeMap::new();
    let read = |row: &QueryResult| {
        let mut differing = Vec::new();
        for (index, column) in columns().into_iter().enumerate() {
            if row.try_get_by_index(1 + index)? {
                differing.push(column);
            }
        }
        drifted.entry(differing).or_default().push(row.try_get_by_index(0)?);
        Ok(())
    };
    read_each(db, statement, read).await.context("could not compare the figures of customers with their orders")?;
    Ok(drifted)
}

/// The customers, each beside their ledger, whose figures are not what it holds.
fn from(db: &impl ConnectionTrait) -> String {
    format!(
        "from customer join {ledger} ledger on ledger.id = customer.id where {differs}",
        ledger = ledger(db, None),
        differs = differs(&columns()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        customer::metrics::{correct, rebuild},
        given::{ago, customer, each_store, now, purchase},
        store::{execute, insert_all},
    };

    #[tokio::test]
    async fn figures_that_drifted_are_told() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            let john = customer(&tx, "John").await?;
            insert_all(&tx, vec![purchase(jane, ago(1), 700), purchase(john, ago(1), 1)]).await?;
            rebuild(&tx, now(), None).await?;
            assert_eq!(verify(&tx, now(), 10).await?, (0, Vec::new()));

            execute(&tx, "update customer set total_spent = 699 where id = $1", vec![jane.into()]).await?;

            let drift = Drift { customer: jane, figure: "totalSpent", kept: Some(699), ledger: Some(700) };
            assert_eq!(verify(&tx, now(), 10).await?, (1, vec![drift]));
            assert_eq!(verify(&tx, now(), 0).await?, (1, Vec::new()));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn those_with_the_same_drift_are_corrected_in_those_columns_alone() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let (jane, john, sound) =
                (customer(&tx, "Jane").await?, customer(&tx, "John").await?, customer(&tx, "Sound").await?);
            insert_all(&tx, [jane, john, sound].map(|customer| purchase(customer, ago(1), 700)).to_vec()).await?;
            rebuild(&tx, now(), None).await?;
            execute(&tx, "update customer set total_spent = 699 where id in ($1, $2)", vec![jane.into(), john.into()])
                .await?;
            execute(&tx, "update customer set last_order_date = null where id = $1", vec![john.into()]).await?;

            let expected = BTreeMap::from([
                (vec!["total_spent"], vec![jane]),
                (vec!["total_spent", "last_order_date"], vec![john]),
            ]);
            assert_eq!(drifted(&tx, now()).await?, expected);
            assert_eq!(correct(&tx, now(), &[jane, john, sound], &["total_spent"]).await?, 2);
            assert_eq!(drifted(&tx, now()).await?, BTreeMap::from([(vec!["last_order_date"], vec![john])]));
            Ok(())
        })
        .await
    }
}

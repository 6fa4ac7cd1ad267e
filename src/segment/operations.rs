//! Entering and leaving segments, in the transaction of whatever brings it about.

use std::collections::BTreeSet;

use anyhow::Context;
use entity::{ChronoUnixTimestampMillis, segment_membership};
use sea_orm::{ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use serde_json::json;
use uuid::Uuid;

use super::{
    Changed, computation,
    reasons::{Reasons, reasons},
    rules,
};
use crate::{
    event::Event,
    filter::Book,
    store::{Kind, Values, execute, insert_all},
    transaction::Transaction,
};

/// How many rules one statement asks at most. Each may have 200 tests, and SQLite takes 32,766 values.
const MOST_ASKED: usize = 150;

/// Lets `customers` enter the dynamic segments whose rules hold for them now, and leave those whose rules no longer
/// do. Only those rules of `book`, which are [`rules::of`] the transaction, are asked that read something of `changed`, or
/// name a segment that a customer has just entered or left.
///
/// One statement applies all of these rules, each a column of it, so that its cost is that of reading the customers;
/// another reads where they are. Rules that name segments which have rules themselves come after those.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn reconsider(tx: &Transaction, book: &Book, customers: &[Uuid], changed: &Changed) -> anyhow::Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    let (dialect, reading, keys) = (tx.dialect(), tx.reading(), Values::Keys(customers.to_vec()));
    let mut changed = changed.clone();
    for level in book.levels() {
        let mut asked = Vec::new();
        for entry in level.iter().filter(|entry| changed.concerns(entry)) {
            asked.push((entry.key, rules::condition(&reading, dialect, &entry.rule)?));
        }
        // So few that their tests are no more than either database lets a statement have columns and values.
        for asked in asked.chunks(MOST_ASKED) {
            let are = held(tx, &keys, asked.iter().map(|(segment, _)| *segment)).await?;
            let belong = due(tx, &keys, asked).await?;
            let moved: BTreeSet<_> = belong.symmetric_difference(&are).copied().collect();
            if moved.is_empty() {
                continue;
            }
            let mut reasons = reasons(&*tx.db, &reading, book, &moved, &changed).await?;
            enter(tx, belong.difference(&are).copied().collect(), &mut reasons).await?;
            leave(tx, are.difference(&belong).copied().collect(), &mut reasons).await?;
            for (segment, _) in moved {
                changed = changed.and(segment.into());
            }
        }
    }
    Ok(())
}

/// Puts customers into segments, each pair of a segment and a customer who is not in it, for these reasons.
///
/// # Errors
/// When the database fails.
pub async fn enter(tx: &Transaction, places: Vec<(Uuid, Uuid)>, reasons: &mut Reasons) -> anyhow::Result<()> {
    let since = ChronoUnixTimestampMillis(tx.now);
    let rows =
        places.iter().map(|&(segment_id, customer_id)| segment_membership::Model { segment_id, customer_id, since });
    insert_all(&*tx.db, rows.collect()).await.context("could not add members to segments")?;
    for (segment, customer) in places {
        let decided_by = reasons.remove(&(segment, customer)).unwrap_or_default();
        tx.emit(Event::SegmentEntered { customer, segment, decided_by });
    }
    Ok(())
}

/// Takes customers out of segments, each pair of a segment and a customer who is in it, for these reasons.
///
/// # Errors
/// When the database fails.
pub async fn leave(tx: &Transaction, places: Vec<(Uuid, Uuid)>, reasons: &mut Reasons) -> anyhow::Result<()> {
    if places.is_empty() {
        return Ok(());
    }
    let dialect = tx.dialect();
    let gone = places.iter().map(|(segment, customer)| {
        json!({ "segment_id": segment.simple().to_string(), "customer_id": customer.simple().to_string() })
    });
    let sql = format!(
        "delete from segment_membership where (segment_id, customer_id) in (
            select gone.segment_id, gone.customer_id from {} gone
        )",
        dialect.table_of_records(1, &[("segment_id", Kind::Key), ("customer_id", Kind::Key)]),
    );
    execute(&*tx.db, &sql, vec![dialect.records(gone.collect())])
        .await
        .context("could not remove members from segments")?;
    for (segment, customer) in places {
        let decided_by = reasons.remove(&(segment, customer)).unwrap_or_default();
        tx.emit(Event::SegmentLeft { customer, segment, decided_by });
    }
    Ok(())
}

/// The places that customers have in `segments`.
async fn held(
    tx: &Transaction,
    customers: &Values,
    segments: impl Iterator<Item = Uuid>,
) -> anyhow::Result<BTreeSet<(Uuid, Uuid)>> {
    let (segment, customer) = (segment_membership::Column::SegmentId, segment_membership::Column::CustomerId);
    let rows = segment_membership::Entity::find()
        .select_only()
        .columns([segment, customer])
        .filter(tx.dialect().among(Expr::col(customer), customers))
        .filter(tx.dialect().among(Expr::col(segment), &Values::Keys(segments.collect())))
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the segments of customers")?;
    Ok(rows.into_iter().collect())
}

/// The places that customers are due, by the conditions of segments.
async fn due(
    tx: &Transaction,
    customers: &Values,
    segments: &[(Uuid, Expr)],
) -> anyhow::Result<BTreeSet<(Uuid, Uuid)>> {
    let key = Expr::col((entity::customer::Entity, entity::customer::Column::Id));
    let mut statement = computation::live();
    statement.expr(key.clone()).and_where(tx.dialect().among(key, customers));
    for (_, condition) in segments {
        // What is unknown does not hold.
        statement.expr(Expr::case(condition.clone(), Expr::cust("1")).finally(Expr::cust("0")));
    }
    let rows = tx.db.query_all(&statement).await.context("could not tell the segments of customers")?;
    let mut places = BTreeSet::new();
    for row in rows {
        let customer = row.try_get_by_index(0)?;
        for (index, (segment, _)) in segments.iter().enumerate() {
            if row.try_get_by_index::<i32>(index + 1)? == 1 {
                places.insert((*segment, customer));
            }
        }
    }
    Ok(places)
}

//! Entering and leaving segments, in the transaction of whatever brings it about.

use std::collections::BTreeSet;

use anyhow::Context;
use entity::{ChronoUnixTimestampMillis, segment, segment_membership};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, SelectStatement, UnionType},
};
use serde_json::json;
use uuid::Uuid;

use super::computation::{self, Which};
use crate::{
    event::Event,
    store::{Kind, Values, execute, insert_all},
    transaction::Transaction,
};

/// Lets `customers` enter those dynamic segments whose rules hold for them now, and leave those whose rules no longer
/// do.
///
/// One statement reads where they are and where they belong; nothing more is done when that is the same.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn reconsider(tx: &Transaction, customers: &[Uuid], which: Which) -> anyhow::Result<()> {
    if customers.is_empty() {
        return Ok(());
    }
    let (dialect, reading) = (tx.dialect(), tx.reading());
    let keys = Values::Keys(customers.to_vec());
    let segments = computation::dynamic(&*tx.db, which).await?;
    let mut places = held(&dialect.among(Expr::col(segment_membership::Column::CustomerId), &keys), which);
    for segment in segments {
        let condition = computation::condition(&reading, dialect, &segment)?;
        let mut members = computation::live(&condition);
        let key = Expr::col((entity::customer::Entity, entity::customer::Column::Id));
        members.exprs([Expr::val(segment.id), key.clone(), Expr::cust("1")]).and_where(dialect.among(key, &keys));
        places.union(UnionType::All, members);
    }
    let rows = tx.db.query_all(&places).await.context("could not tell the segments of customers")?;
    let (mut are, mut belong) = (BTreeSet::new(), BTreeSet::new());
    for row in rows {
        let place: (Uuid, Uuid) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let is_due: i32 = row.try_get_by_index(2)?;
        if is_due == 1 {
            belong.insert(place)
        } else {
            are.insert(place)
        };
    }
    enter(tx, belong.difference(&are).copied().collect()).await?;
    leave(tx, are.difference(&belong).copied().collect()).await
}

/// Puts customers into segments, each pair of a segment and a customer who is not in it.
///
/// # Errors
/// When the database fails.
pub async fn enter(tx: &Transaction, places: Vec<(Uuid, Uuid)>) -> anyhow::Result<()> {
    let since = ChronoUnixTimestampMillis(tx.now);
    let rows =
        places.iter().map(|&(segment_id, customer_id)| segment_membership::Model { segment_id, customer_id, since });
    insert_all(&*tx.db, rows.collect()).await.context("could not add members to segments")?;
    for (segment, customer) in places {
        tx.emit(Event::SegmentEntered { customer, segment });
    }
    Ok(())
}

/// Takes customers out of segments, each pair of a segment and a customer who is in it.
///
/// # Errors
/// When the database fails.
pub async fn leave(tx: &Transaction, places: Vec<(Uuid, Uuid)>) -> anyhow::Result<()> {
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
        tx.emit(Event::SegmentLeft { customer, segment });
    }
    Ok(())
}

/// `select` of the places in those dynamic segments that customers have now, marked by 0.
fn held(is_meant: &Expr, which: Which) -> SelectStatement {
    segment_membership::Entity::find()
        .select_only()
        .columns([segment_membership::Column::SegmentId, segment_membership::Column::CustomerId])
        .expr(Expr::cust("0"))
        .filter(is_meant.clone())
        .filter(segment_membership::Column::SegmentId.in_subquery(
            segment::Entity::find().select_only().column(segment::Column::Id).filter(which.condition()).into_query(),
        ))
        .into_query()
}

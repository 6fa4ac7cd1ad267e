//! Bringing orders forward. [`super::placement`] places them.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    order::{self, OrderStatus},
};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, IntoActiveModel, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::status;
use crate::{
    check::Check,
    event::Event,
    instant::Instant,
    rejection::{Attempt, Rejection, RejectionCode, expect_version},
    transaction::Transaction,
};

/// What a step needs to be told.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The order.
    pub order: Uuid,
    /// When it was taken; now if not said.
    pub at: Option<Instant>,
    /// The version that the client has seen, if it matters.
    pub expected_version: Option<i32>,
}

/// Marks an order as sent. One that was sent already stays as it is.
///
/// # Errors
/// When there is no such order, its state does not allow it, it was edited meanwhile, or the instant is in the future
/// or before an earlier step.
pub async fn ship(tx: &Transaction, step: &Step) -> Attempt<Uuid> {
    let Some((order, at)) = proceed(tx, step, OrderStatus::InTransit, "input.shippedAt").await? else {
        return Ok(step.order);
    };
    let mut row = order.into_active_model();
    row.shipped_at = Set(Some(ChronoUnixTimestampMillis(at)));
    let order = write(tx, row, OrderStatus::InTransit).await?;
    tx.emit(Event::OrderShipped { order: Box::new(order) });
    Ok(step.order)
}

/// Marks an order as delivered: it is a purchase from then on. One that is delivered already stays as it is.
///
/// # Errors
/// As [`ship`].
pub async fn deliver(tx: &Transaction, step: &Step) -> Attempt<Uuid> {
    let Some((order, at)) = proceed(tx, step, OrderStatus::Delivered, "input.deliveredAt").await? else {
        return Ok(step.order);
    };
    let mut row = order.into_active_model();
    row.delivered_at = Set(Some(ChronoUnixTimestampMillis(at)));
    let order = write(tx, row, OrderStatus::Delivered).await?;
    tx.emit(Event::OrderDelivered { order: Box::new(order) });
    Ok(step.order)
}

/// Calls an order off: it counts in no figure from then on. One that is cancelled already stays as it is.
///
/// # Errors
/// As [`ship`].
pub async fn cancel(tx: &Transaction, step: &Step) -> Attempt<Uuid> {
    let Some((order, at)) = proceed(tx, step, OrderStatus::Cancelled, "input.cancelledAt").await? else {
        return Ok(step.order);
    };
    let mut row = order.into_active_model();
    row.cancelled_at = Set(Some(ChronoUnixTimestampMillis(at)));
    let order = write(tx, row, OrderStatus::Cancelled).await?;
    tx.emit(Event::OrderCancelled { order: Box::new(order) });
    Ok(step.order)
}

/// The row of an order, locked. None when there is no such order.
///
/// # Errors
/// When the database fails.
pub async fn lock(tx: &Transaction, order: Uuid) -> anyhow::Result<Option<order::Model>> {
    let order = order::Entity::find_by_id(order).lock(LockType::NoKeyUpdate).one(&*tx.db).await;
    order.context("could not read an order")
}

/// The order, locked, and the instant of the step, if it is to be taken; nothing if it was taken already.
async fn proceed(
    tx: &Transaction,
    step: &Step,
    to: OrderStatus,
    at_path: &str,
) -> Attempt<Option<(order::Model, DateTime<Utc>)>> {
    let order = lock(tx, step.order).await?.ok_or_else(|| Rejection::not_found("input.id", "order"))?;
    if status::has_become(&order, to) {
        return Ok(None);
    }
    expect_version(step.expected_version, order.version)?;
    if !status::may_become(order.status, to) {
        let (from, to) = (status::in_words(order.status), status::in_words(to));
        let message = format!("id: the order is {from} and cannot be {to}");
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.id", message).into());
    }
    let mut check = Check::default();
    let earliest = order.shipped_at.unwrap_or(order.order_date).0;
    let at = check.past(at_path, step.at, Some(earliest), tx.now);
    check.done()?;
    Ok(Some((order, at)))
}

async fn write(tx: &Transaction, mut row: order::ActiveModel, status: OrderStatus) -> anyhow::Result<order::Model> {
    row.status = Set(status);
    row.version = Set(row.version.take().unwrap_or_default() + 1);
    row.updated_at = Set(ChronoUnixTimestampMillis(tx.now));
    row.update(&*tx.db).await.context("could not write an order")
}

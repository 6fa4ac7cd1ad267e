//! Placing orders, and bringing them forward.

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
    event::Event,
    rejection::{Attempt, Rejection, RejectionCode, expect_version},
    transaction::Transaction,
};

/// What a step needs to be told.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The order.
    pub order: Uuid,
    /// When it was taken; now if not said.
    pub at: Option<DateTime<Utc>>,
    /// The version that the client has seen, if it matters.
    pub expected_version: Option<i32>,
}

/// Marks an order as delivered: it is a purchase from then on. One that is delivered already stays as it is.
///
/// # Errors
/// When there is no such order, its state does not allow it, it was edited meanwhile, or the instant is in the future
/// or before an earlier step.
pub async fn deliver(tx: &Transaction, step: &Step) -> Attempt<Uuid> {
    let Some((order, at)) = proceed(tx, step, OrderStatus::Delivered, "input.deliveredAt").await? else {
        return Ok(step.order);
    };
    let mut row = order.into_active_model();
    row.delivered_at = Set(Some(at));
    let order = write(tx, row, OrderStatus::Delivered).await?;
    tx.emit(Event::OrderDelivered { order: Box::new(order) });
    Ok(step.order)
}

/// The order, locked, and the instant of the step, if it is to be taken; nothing if it was taken already.
async fn proceed(
    tx: &Transaction,
    step: &Step,
    to: OrderStatus,
    at_path: &str,
) -> Attempt<Option<(order::Model, ChronoUnixTimestampMillis)>> {
    let order = order::Entity::find_by_id(step.order)
        .lock(LockType::NoKeyUpdate)
        .one(&*tx.db)
        .await
        .context("could not read an order")?
        .ok_or_else(|| Rejection::not_found("input.id", "order"))?;
    if order.status == to {
        return Ok(None);
    }
    expect_version(step.expected_version, order.version)?;
    if !status::may_become(order.status, to) {
        let (from, to) = (status::in_words(order.status), status::in_words(to));
        let message = format!("id: the order is {from} and cannot be {to}");
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.id", message).into());
    }
    let at = step.at.unwrap_or(tx.now);
    let earliest = order.shipped_at.unwrap_or(order.order_date).0;
    if at > tx.now || at < earliest {
        let message = format!("expected an instant from {earliest:?} to {:?}, not {at:?}", tx.now);
        return Err(Rejection::new(RejectionCode::Invalid, at_path, message).into());
    }
    Ok(Some((order, ChronoUnixTimestampMillis(at))))
}

async fn write(tx: &Transaction, mut row: order::ActiveModel, status: OrderStatus) -> anyhow::Result<order::Model> {
    row.status = Set(status);
    row.version = Set(row.version.take().unwrap_or_default() + 1);
    row.updated_at = Set(ChronoUnixTimestampMillis(tx.now));
    row.update(&*tx.db).await.context("could not write an order")
}

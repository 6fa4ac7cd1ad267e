//! Giving money back.

use anyhow::Context;
use entity::{ChronoUnixTimestampMillis, order::OrderStatus, refund};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::input::RefundCreateInput;
use crate::{
    check::Check,
    customer::{metrics, row},
    event::Event,
    money::{Currency, Money},
    order::operations::lock,
    rejection::{Attempt, Refusal, Rejection, RejectionCode},
    store::insert_all,
    transaction::Transaction,
};

/// What a refund is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// An order, in full or in part.
    Order(Uuid),
    /// A customer, for no single order.
    Customer(Uuid),
}

/// Returns money as `input` says.
///
/// # Errors
/// When there is no such order or customer, the order is not delivered or nothing is left of it, or a value is not what
/// it must be.
pub async fn create(tx: &Transaction, of: Of, input: &RefundCreateInput) -> Attempt<Uuid> {
    match of {
        Of::Order(order) => of_order(tx, order, input).await,
        Of::Customer(customer) => of_customer(tx, customer, input).await,
    }
}

/// The order is locked before its refunds are added up, so that together they never exceed it.
async fn of_order(tx: &Transaction, order: Uuid, input: &RefundCreateInput) -> Attempt<Uuid> {
    let order = lock(tx, order).await?.ok_or_else(|| Rejection::not_found("input.order", "order"))?;
    let Some(delivered_at) = order.delivered_at.filter(|_| order.status == OrderStatus::Delivered) else {
        let message = "order: expected a delivered order; one that is not is cancelled instead";
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.order", message).into());
    };
    let currency: Currency = order.currency.parse().map_err(anyhow::Error::msg)?;
    let before = refunded(tx, order.id).await?;
    let left = order.total - before;
    if left <= 0 {
        let message = "order: nothing is left of it to return";
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.order", message).into());
    }
    let mut check = Check::default();
    let amount = match &input.amount {
        Some(amount) => check.positive_amount("input.amount", &amount.0, currency),
        None => Some(Money::new(left, currency)),
    };
    if amount.is_some_and(|amount| amount.units > left) {
        let message = format!("amount: expected at most the {} left of the order", Money::new(left, currency));
        check.reject(RejectionCode::Invalid, "input.amount", message);
    }
    let draft = refund::Model {
        order_id: Some(order.id),
        ..draft(tx, &mut check, order.customer_id, currency, Some(delivered_at), input).await?
    };
    // By the sum so far: what is returned in parts, each rounded by itself, would not come to what was bought.
    let in_store = |amount| metrics::in_store_currency(amount, order.exchange_rate);
    let refund = write(tx, check, draft, amount, |amount| in_store(before + amount) - in_store(before)).await?;
    let id = refund.id;
    tx.emit(Event::OrderRefunded { refund: Box::new(refund) });
    Ok(id)
}

async fn of_customer(tx: &Transaction, customer: Uuid, input: &RefundCreateInput) -> Attempt<Uuid> {
    let mut check = Check::default();
    if !row::lock_live(tx, customer).await? {
        check.add(Rejection::not_found("input.customer", "customer"));
    }
    let amount = match &input.amount {
        Some(amount) => check.positive_amount("input.amount", &amount.0, tx.currency),
        None => {
            let message = "amount: expected an amount, since there is no order to take it from";
            check.reject(RejectionCode::Required, "input.amount", message);
            None
        }
    };
    let draft = draft(tx, &mut check, customer, tx.currency, None, input).await?;
    let refund = write(tx, check, draft, amount, |amount| amount).await?;
    let id = refund.id;
    tx.emit(Event::CustomerRefunded { refund: Box::new(refund) });
    Ok(id)
}

/// What was returned of an order so far, in minor units of its currency.
async fn refunded(tx: &Transaction, order: Uuid) -> anyhow::Result<i64> {
    let amounts: Vec<i64> = refund::Entity::find()
        .select_only()
        .column(refund::Column::Amount)
        .filter(refund::Column::OrderId.eq(order))
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the refunds of an order")?;
    Ok(amounts.into_iter().sum())
}

/// The row without its amount and its order.
async fn draft(
    tx: &Transaction,
    check: &mut Check,
    customer: Uuid,
    currency: Currency,
    earliest: Option<ChronoUnixTimestampMillis>,
    input: &RefundCreateInput,
) -> anyhow::Result<refund::Model> {
    let external_id = check.optional_text("input.externalId", input.external_id.as_deref());
    if let Some(external_id) = &external_id {
        let column = refund::Column::ExternalId;
        check.unique::<refund::Entity>(tx, "input.externalId", column, external_id, None).await?;
    }
    let refunded_at = check.past("input.refundedAt", input.refunded_at, earliest.map(|at| at.0), tx.now);
    Ok(refund::Model {
        id: tx.key(),
        customer_id: customer,
        order_id: None,
        external_id,
        amount: 0,
        currency: currency.code().to_owned(),
        store_amount: 0,
        reason: check.optional_text("input.reason", input.reason.as_deref()),
        refunded_at: ChronoUnixTimestampMillis(refunded_at),
        created_at: ChronoUnixTimestampMillis(tx.now),
    })
}

async fn write(
    tx: &Transaction,
    check: Check,
    draft: refund::Model,
    amount: Option<Money>,
    in_store_currency: impl Fn(i64) -> i64,
) -> Attempt<refund::Model> {
    check.done()?;
    let amount = amount.context("a refund without a fault has its amount")?.units;
    let refund = refund::Model { amount, store_amount: in_store_currency(amount), ..draft };
    insert_all(&*tx.db, vec![refund.clone()])
        .await
        .map_err(|error| Refusal::of_duplicate(error, &[("external_id", "input.externalId")]))?;
    Ok(refund)
}

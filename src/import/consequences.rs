//! What follows from imported rows, for many customers at once: by the same statements as jobs use, and told with the
//! instants at which things happened.

use chrono::{DateTime, Utc};
use entity::{order, refund};
use uuid::Uuid;

use crate::{
    customer::metrics,
    event::{Event, Tale, log},
    loyalty::standing::{self, Enrolment},
    segment::computation::{self, Change},
    store::Rows,
    transaction::Transaction,
};

/// Writes rows, enrols the new customers among them, brings figures up to date, and tells of all that.
///
/// # Errors
/// When the database refuses a row, or fails.
pub async fn write(tx: &Transaction, rows: Rows, written: impl FnMut(u64)) -> anyhow::Result<()> {
    let touched = rows.touched();
    let created: Vec<Uuid> = rows.customers.iter().map(|customer| customer.id).collect();
    let bills = ledger(&rows, tx.now);
    // Those who were there before: whoever else tells of them waits.
    log::lock(&*tx.db, &touched).await?;
    rows.insert(&*tx.db, written).await?;
    if touched.is_empty() {
        return Ok(());
    }
    metrics::backdate(&*tx.db, &touched).await?;
    metrics::rebuild(&*tx.db, tx.as_of(), Some(&touched)).await?;
    // Customers who were there before may have left the program.
    let enrolments = standing::enroll(&*tx.db, tx.now, Some(&created)).await?;
    let mut tales: Vec<Tale> =
        created.into_iter().map(|customer| Event::CustomerCreated { customer }.tale(tx.now)).collect();
    tales.extend(enrolments.into_iter().map(|Enrolment { customer, program, tier, since }| Tale {
        occurred_at: since,
        ..Event::CustomerEnrolled { customer, program, tier }.tale(tx.now)
    }));
    tales.extend(bills);
    log::append(&*tx.db, tx.clock(), &tx.origin, &tales).await?;
    Ok(())
}

/// Brings customers to the tiers and the segments where they belong, once their figures are right, and tells who
/// moved. Gives how many events that were.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<usize> {
    if customers.is_empty() {
        return Ok(0);
    }
    log::lock(&*tx.db, customers).await?;
    let moves = standing::settle_tiers(&*tx.db, tx.as_of(), Some(customers)).await?;
    let changes = computation::compute(&*tx.db, &tx.reading(), customers).await?;
    let risen = moves.into_iter().filter_map(|to| {
        let event = to.event()?;
        Some(Tale { occurred_at: to.since, ..event.tale(tx.now) })
    });
    let moved = changes.into_iter().map(|Change { segment, customer, has_entered, decided_by }| {
        let event = if has_entered {
            Event::SegmentEntered { customer, segment, decided_by }
        } else {
            Event::SegmentLeft { customer, segment, decided_by }
        };
        event.tale(tx.now)
    });
    let tales: Vec<Tale> = risen.chain(moved).collect();
    log::append(&*tx.db, tx.clock(), &tx.origin, &tales).await?;
    Ok(tales.len())
}

/// What is told of the orders and refunds among `rows`, the earliest first.
fn ledger(rows: &Rows, now: DateTime<Utc>) -> Vec<Tale> {
    let orders = rows.orders.iter().flat_map(|order| of_order(order, now));
    let mut tales: Vec<Tale> = orders.chain(rows.refunds.iter().map(|refund| of_refund(refund, now))).collect();
    // What happened at the same instant stays in its order: an order is placed before it arrives.
    tales.sort_by_key(|tale| tale.occurred_at);
    tales
}

fn of_order(order: &order::Model, now: DateTime<Utc>) -> Vec<Tale> {
    let order = Box::new(order.clone());
    let mut tales = vec![Event::OrderCreated { order: order.clone() }.tale(now)];
    if order.delivered_at.is_some() {
        tales.push(Event::OrderDelivered { order: order.clone() }.tale(now));
        tales.push(Event::CustomerPurchased { order }.tale(now));
    }
    tales
}

/// Files link refunds to no order.
fn of_refund(refund: &refund::Model, now: DateTime<Utc>) -> Tale {
    Event::CustomerRefunded { refund: Box::new(refund.clone()) }.tale(now)
}

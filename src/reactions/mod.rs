//! What follows from what: the causal story of the product, in one transaction.

use std::{collections::BTreeSet, time::Duration};

use async_graphql::Context;
use backon::{ExponentialBuilder, Retryable};
use entity::event::EventCause;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use uuid::Uuid;

use crate::{
    app::App,
    communication::{self, Automatic, Consequence},
    customer::metrics,
    event::{
        Event, Tale,
        log::{self, Origin},
    },
    failure::{Failure, Outcome},
    graphql::Written,
    idempotency::Claim,
    loyalty,
    rejection::{Attempt, Refusal},
    segment::{self, Changed},
    transaction::{Overtaken, Transaction},
};

/// How often a transaction is tried that the database gave up because of another.
const MOST_TRIES: usize = 6;

/// How long the first wait before another try is; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(5);

/// Runs `operation` and everything that follows from it in one transaction: all of it takes place, or none. The
/// operation is told `input`, and gives the key of the node that it wrote.
///
/// Where the rules refuse, nothing is changed and the reasons are given. A transaction that loses against another, in a
/// deadlock or to a busy database, is tried again a few times.
///
/// # Errors
/// When the operation could not be tried, or the database fails.
pub async fn transact<'a, I, P, F>(
    ctx: &Context<'_>,
    input: &'a I,
    operation: impl Fn(Transaction, &'a I) -> F,
) -> Option<Outcome<P>>
where
    P: From<Written>,
    F: Future<Output = Attempt<Uuid>>,
{
    let app = ctx.data_unchecked::<App>();
    let origin = Origin { actor: "local".to_owned(), cause: EventCause::Request };
    let (claim, field) = (ctx.data_opt::<Claim>(), ctx.item.node.response_key().node.as_str());
    let once = async |tx: Transaction| {
        let Some(claim) = claim else {
            let key = operation(tx, input).await?;
            return Ok(Written { key: Some(key), errors: Vec::new() });
        };
        if let Some(written) = claim.enter(&tx, field).await? {
            return Ok(written);
        }
        let key = operation(tx.clone(), input).await?;
        let written = Written { key: Some(key), errors: Vec::new() };
        claim.complete(&tx, field, &written).await?;
        Ok(written)
    };
    Some(match transact_as(app, &origin, once).await {
        Ok(written) => Ok(written.into()),
        Err(Refusal::Rejected(errors)) => Ok(Written { key: None, errors }.into()),
        Err(Refusal::Failed(failure)) => Err(failure),
    })
}

/// As [`transact`], for whoever is no GraphQL request.
///
/// # Errors
/// When the rules refuse, the operation could not be tried, or the database fails.
pub async fn transact_as<T, F>(app: &App, origin: &Origin, operation: impl Fn(Transaction) -> F) -> Attempt<T>
where
    F: Future<Output = Attempt<T>>,
{
    let waits = ExponentialBuilder::new().with_min_delay(FIRST_WAIT).with_max_times(MOST_TRIES - 1).with_jitter();
    let attempt = || async {
        let tx = Transaction::begin(app, origin).await?;
        let done = operation(tx.clone()).await?;
        let tales = react(&tx).await?;
        let (has_messages, is_unsettled) = (tx.has_messages(), tx.is_unsettled());
        tx.commit().await?;
        if tales > 0 {
            app.bell.ring();
        }
        if has_messages {
            app.post.bell.ring();
        }
        if is_unsettled {
            app.unsettled.ring();
        }
        Ok(done)
    };
    attempt.retry(waits).when(is_passing).await
}

/// What a transaction brought about, but for the segments that customers enter and leave by their rules.
#[derive(Debug, Default)]
struct Story {
    tales: Vec<Tale>,
    /// The messages that follow, each with the place of the tale that it follows from.
    messages: Vec<(usize, Automatic)>,
    /// The customers whom the tales are about.
    touched: BTreeSet<Uuid>,
    changed: Changed,
}

/// Lets everything follow from what has happened, and tells all of it; gives the number of events. Segments come last,
/// when all figures and tiers are settled.
///
/// Where rules read the log or the messages, both are written before the rules are asked. Who moves then is told of last,
/// and no rule is asked about that. Where there are no such rules, one statement writes all events.
async fn react(tx: &Transaction) -> anyhow::Result<usize> {
    let Story { mut tales, mut messages, mut touched, mut changed } = unfold(tx).await?;
    // Locked first: where customers belong, and by which rules, must be read after whoever else tells of them has ended.
    lock(tx, &touched).await?;
    let mut told = 0;
    if !touched.is_empty() || tx.has_messages() {
        let book = segment::rules::of(tx).await?;
        let written = Changed::by_telling(!tales.is_empty(), !messages.is_empty() || tx.has_messages());
        if book.entries().any(|entry| written.concerns(entry)) {
            tell(tx, &tales, messages.drain(..)).await?;
            told = tales.len();
            touched.extend(tx.written_to());
            lock(tx, &touched).await?;
            changed = changed.and(written);
        }
        let touched: Vec<_> = touched.into_iter().collect();
        segment::operations::reconsider(tx, &book, &touched, &changed).await?;
    }
    while let Some(event) = tx.event(tales.len()) {
        tales.push(event.tale(tx.now));
    }
    tell(tx, &tales[told..], messages).await?;
    Ok(tales.len())
}

/// Lets everything follow from what has happened. Consequences may have consequences of their own.
async fn unfold(tx: &Transaction) -> anyhow::Result<Story> {
    let Story { mut tales, mut messages, mut touched, mut changed } = Story::default();
    let mut bought = BTreeSet::new();
    while let Some(event) = tx.event(tales.len()) {
        let place = tales.len();
        tales.push(event.tale(tx.now));
        if let Event::CustomerPurchased { order } = &event {
            bought.insert(order.customer_id);
        }
        let customer = tales[place].customer;
        let send = |message| {
            // Who rose because tiers were edited or figures corrected has not earned it just now.
            if message != Automatic::Upgrade || bought.contains(&customer) {
                messages.push((place, message));
            }
        };
        let (customer, change) = follow(tx, event, send).await?;
        touched.insert(customer);
        changed = changed.and(change);
    }
    Ok(Story { tales, messages, touched, changed })
}

/// Writes events to the log, and queues the messages that follow from them, each with the place of its event.
async fn tell(
    tx: &Transaction,
    tales: &[Tale],
    messages: impl IntoIterator<Item = (usize, Automatic)>,
) -> anyhow::Result<()> {
    let keys = log::append(&*tx.db, tx.clock(), &tx.origin, tales).await?;
    let messages = messages.into_iter();
    let messages: Vec<_> = messages
        .map(|(place, message)| Consequence { message, customer: tales[place].customer, event: keys[place] })
        .collect();
    communication::operations::queue(tx, &messages).await
}

/// Locks the rows of those customers that are not locked yet.
async fn lock(tx: &Transaction, customers: &BTreeSet<Uuid>) -> anyhow::Result<()> {
    let unlocked: Vec<_> = customers.iter().copied().filter(|customer| !tx.has_locked(*customer)).collect();
    log::lock(&*tx.db, &unlocked).await?;
    for customer in unlocked {
        tx.lock(customer);
    }
    Ok(())
}

/// What follows from one event. Gives the customer whose segments it may change, and what of them changed; `send` takes
/// the message to them.
async fn follow(tx: &Transaction, event: Event, mut send: impl FnMut(Automatic)) -> anyhow::Result<(Uuid, Changed)> {
    let (customer, changed): (Uuid, &[&str]) = match event {
        Event::CustomerCreated { customer } => {
            loyalty::operations::enroll_in_default(tx, customer).await?;
            send(Automatic::Welcome);
            return Ok((customer, Changed::Everything));
        }
        Event::CustomerRestored { customer } => {
            loyalty::operations::enroll_in_default(tx, customer).await?;
            return Ok((customer, Changed::Everything));
        }
        Event::CustomerUpdated { customer, changed } => return Ok((customer, Changed::by_edit(&changed))),
        Event::CustomerDeleted { customer } => return Ok((customer, Changed::Everything)),
        Event::CustomerUpgraded { customer, .. } => {
            send(Automatic::Upgrade);
            (customer, &["loyalty_membership"])
        }
        Event::CustomerChurned { customer } => {
            send(Automatic::ReEngagement);
            (customer, &["churn_state"])
        }
        Event::OrderCreated { order } => {
            metrics::add_order(tx, &order).await?;
            let figures =
                &["customer_since", "total_orders", "first_order_date", "last_order_date", "orders", "order_item"];
            (order.customer_id, figures)
        }
        Event::OrderShipped { order } => (order.customer_id, &["orders"]),
        Event::OrderDelivered { order } => {
            metrics::add_purchase(tx, &order).await?;
            let customer = order.customer_id;
            tx.emit(Event::CustomerPurchased { order });
            (customer, &["delivered_orders", "total_spent", "last_purchase_date", "orders"])
        }
        Event::OrderCancelled { order } => {
            metrics::remove_order(tx, &order).await?;
            (order.customer_id, &["total_orders", "first_order_date", "last_order_date", "orders"])
        }
        Event::CustomerPurchased { order } => {
            loyalty::operations::reconsider_tiers(tx, &[order.customer_id]).await?;
            (order.customer_id, &[])
        }
        Event::OrderRefunded { refund } | Event::CustomerRefunded { refund } => {
            metrics::subtract_refund(tx, &refund).await?;
            loyalty::operations::reconsider_tiers(tx, &[refund.customer_id]).await?;
            (refund.customer_id, &["customer_since", "total_spent", "refund", "orders"])
        }
        Event::CustomerTagged { customer } => (customer, &["tags", "customer_tag", "updated_at", "version"]),
        Event::CustomerEnrolled { customer, .. }
        | Event::CustomerUnenrolled { customer, .. }
        | Event::CustomerDowngraded { customer, .. } => (customer, &["loyalty_membership"]),
        Event::CustomerReactivated { customer } => (customer, &["churn_state"]),
        // Of static segments: rules are asked when all of this is done.
        Event::SegmentEntered { customer, segment, .. } | Event::SegmentLeft { customer, segment, .. } => {
            return Ok((customer, segment.into()));
        }
    };
    Ok((customer, changed.into()))
}

/// Whether the same transaction may go through when it is tried again: it lost against another.
fn is_passing(refusal: &Refusal) -> bool {
    let Refusal::Failed(Failure::Internal(error)) = refusal else { return false };
    if error.is::<Overtaken>() {
        return true;
    }
    error.chain().filter_map(|cause| cause.downcast_ref::<DbErr>()).any(|error| match error {
        DbErr::ConnectionAcquire(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error)) => {
            let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
            code.is_some_and(|code| PASSING.contains(&code.as_ref()))
        }
        _ => false,
    })
}

/// PostgreSQL: serialization failure, deadlock, a lock that was not to be had, and a row named that was deleted meanwhile,
/// such as the segment that a customer was about to enter. SQLite: busy and locked, with their extended codes.
const PASSING: [&str; 9] = ["40001", "40P01", "55P03", "23503", "5", "261", "517", "6", "262"];

#[cfg(test)]
mod tests;

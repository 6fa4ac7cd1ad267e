//! What follows from what: the causal story of the product, in one transaction.

use std::{collections::BTreeSet, time::Duration};

use async_graphql::Context;
use backon::{ExponentialBuilder, Retryable};
use entity::event::EventCause;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use uuid::Uuid;

use crate::{
    app::App,
    customer::metrics,
    event::{
        Event,
        log::{self, Origin},
    },
    failure::{Failure, Outcome},
    graphql::Written,
    idempotency::Claim,
    loyalty,
    rejection::{Attempt, Refusal},
    segment,
    transaction::Transaction,
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
        tx.commit().await?;
        if tales > 0 {
            app.bell.ring();
        }
        Ok(done)
    };
    attempt.retry(waits).when(is_passing).await
}

/// Lets everything follow from what has happened, and tells all of it; gives the number of events. Consequences may
/// have consequences of their own; segments come last, when all figures and tiers are settled.
async fn react(tx: &Transaction) -> anyhow::Result<usize> {
    let mut tales = Vec::new();
    let mut touched = BTreeSet::new();
    while let Some(event) = tx.event(tales.len()) {
        tales.push(event.tale(tx.now));
        touched.extend(follow(tx, event).await?);
    }
    let touched: Vec<_> = touched.into_iter().collect();
    segment::operations::reconsider(tx, &touched).await?;
    while let Some(event) = tx.event(tales.len()) {
        tales.push(event.tale(tx.now));
    }
    let told: BTreeSet<_> = tales.iter().map(|tale| tale.customer).collect();
    let unlocked: Vec<_> = told.into_iter().filter(|customer| !tx.has_locked(*customer)).collect();
    log::lock(&*tx.db, &unlocked).await?;
    log::append(&*tx.db, tx.clock(), &tx.origin, &tales).await?;
    Ok(tales.len())
}

/// What follows from one event. Gives the customer whose segments it may change.
async fn follow(tx: &Transaction, event: Event) -> anyhow::Result<Option<Uuid>> {
    Ok(match event {
        Event::CustomerCreated { customer } | Event::CustomerRestored { customer } => {
            loyalty::operations::enroll_in_default(tx, customer).await?;
            Some(customer)
        }
        Event::OrderCreated { order } => {
            metrics::add_order(tx, &order).await?;
            Some(order.customer_id)
        }
        Event::OrderDelivered { order } => {
            metrics::add_purchase(tx, &order).await?;
            let customer = order.customer_id;
            tx.emit(Event::CustomerPurchased { order });
            Some(customer)
        }
        Event::OrderCancelled { order } => {
            metrics::remove_order(tx, &order).await?;
            Some(order.customer_id)
        }
        Event::CustomerPurchased { order } => {
            loyalty::operations::reconsider_tiers(tx, order.customer_id).await?;
            Some(order.customer_id)
        }
        Event::OrderRefunded { refund, order } => {
            metrics::subtract_refund(tx, &refund, Some(&order)).await?;
            loyalty::operations::reconsider_tiers(tx, refund.customer_id).await?;
            Some(refund.customer_id)
        }
        Event::CustomerRefunded { refund } => {
            metrics::subtract_refund(tx, &refund, None).await?;
            loyalty::operations::reconsider_tiers(tx, refund.customer_id).await?;
            Some(refund.customer_id)
        }
        Event::OrderShipped { order } => Some(order.customer_id),
        Event::CustomerUpdated { customer, .. }
        | Event::CustomerTagged { customer }
        | Event::CustomerDeleted { customer }
        | Event::CustomerEnrolled { customer, .. }
        | Event::CustomerUnenrolled { customer, .. }
        | Event::CustomerUpgraded { customer, .. }
        | Event::CustomerDowngraded { customer, .. } => Some(customer),
        Event::SegmentEntered { .. } | Event::SegmentLeft { .. } => None,
    })
}

/// Whether the same transaction may go through when it is tried again: it lost against another.
fn is_passing(refusal: &Refusal) -> bool {
    let Refusal::Failed(Failure::Internal(error)) = refusal else { return false };
    error.chain().filter_map(|cause| cause.downcast_ref::<DbErr>()).any(|error| {
        let (DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error))
        | DbErr::Conn(RuntimeErr::SqlxError(error))) = error
        else {
            return false;
        };
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        // PostgreSQL: serialization failure, deadlock. SQLite: busy, locked, busy with a snapshot.
        code.is_some_and(|code| ["40001", "40P01", "5", "6", "517"].contains(&code.as_ref()))
    })
}

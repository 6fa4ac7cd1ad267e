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
        let (has_messages, has_rules) = (tx.has_messages(), tx.has_rules());
        tx.commit().await?;
        if tales > 0 {
            app.bell.ring();
        }
        if has_messages {
            app.post.bell.ring();
        }
        if has_rules {
            app.rules.bell.ring();
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
            (order.customer_id, &["total_orders", "first_order_date", "last_order_date", "orders", "order_item"])
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
            (refund.customer_id, &["total_spent", "refund", "orders"])
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
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_graphql::MaybeUndefined::{Null, Value};
    use entity::{
        communication::CommunicationChannel,
        customer::{self, CustomerKind, Gender},
    };
    use sea_orm::{ConnectOptions, ConnectionTrait, Database, EntityTrait, QueryOrder, prelude::Json};
    use tokio::sync::Barrier;

    use super::*;
    use crate::{
        customer::{input::CustomerFacts, operations},
        given,
        instant::{Day, Instant},
        rejection::Rejection,
        rejection::RejectionCode,
        store::execute,
    };

    fn origin() -> Origin {
        Origin { actor: "test".to_owned(), cause: EventCause::Job }
    }

    async fn customers(app: &App) -> anyhow::Result<[Uuid; 2]> {
        let tx = app.database.begin().await?;
        let customers = [given::customer(&tx, "Jane").await?, given::customer(&tx, "John").await?];
        tx.commit().await?;
        Ok(customers)
    }

    /// The columns of all customers, and what is in them.
    async fn columns(tx: &Transaction) -> anyhow::Result<Vec<(String, Json)>> {
        let rows = customer::Entity::find().order_by_asc(customer::Column::Id).into_json().all(&*tx.db).await?;
        Ok(rows.iter().filter_map(|row| row.as_object().cloned()).flatten().collect())
    }

    fn check_named(changed: &Changed, before: &[(String, Json)], after: &[(String, Json)]) {
        for ((column, before), (_, after)) in before.iter().zip(after) {
            // Rules do not read what `search` does.
            let is_named = column == "search_text" || changed.is_read_in(&BTreeSet::from([column.clone()]));
            assert!(is_named || before == after, "{changed:?} has no {column}");
        }
    }

    async fn rename(tx: &Transaction, customer: Uuid) -> Attempt<()> {
        execute(&*tx.db, "update customer set name = name || '!' where id = $1", vec![customer.into()]).await?;
        Ok(())
    }

    #[tokio::test]
    async fn a_transaction_that_loses_a_deadlock_is_tried_again() -> anyhow::Result<()> {
        // SQLite has one writer at a time, and no deadlocks: there the two go one after the other.
        given::each_store(async |app| {
            let [jane, john] = customers(&app).await?;
            let (barrier, tries, origin) = (&Barrier::new(2), &AtomicU32::new(0), origin());
            let is_parallel = app.database.dialect() == crate::store::Dialect::Postgres;
            let both = |first, second| {
                transact_as(&app, &origin, move |tx| async move {
                    let is_first_try = tries.fetch_add(1, Ordering::Relaxed) < 2;
                    rename(&tx, first).await?;
                    if is_first_try && is_parallel {
                        barrier.wait().await;
                    }
                    rename(&tx, second).await
                })
            };

            let (one, other) = tokio::join!(both(jane, john), both(john, jane));

            assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
            assert_eq!(tries.load(Ordering::Relaxed), if is_parallel { 3 } else { 2 });
            let name = entity::customer::Entity::find_by_id(jane).one(app.database.reader()).await?;
            assert_eq!(name.map(|customer| customer.name).as_deref(), Some("Jane!!"));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_busy_sqlite_passes() -> anyhow::Result<()> {
        let directory = tempfile::tempdir()?;
        let url = given::sqlite(&directory);
        // A store that is dropped closes its connections in its own time, and locks the file once more.
        let _open = given::app(&url).await?;
        let connect = async |patience| {
            let mut options = ConnectOptions::new(&url);
            options.map_sqlx_sqlite_opts(move |sqlite| sqlite.busy_timeout(patience));
            Database::connect(options).await
        };
        let (holder, other) = (connect(Duration::from_secs(5)).await?, connect(Duration::ZERO).await?);
        holder.execute_unprepared("begin immediate").await?;

        let busy = other.execute_unprepared("begin immediate").await.expect_err("the lock is held");

        assert!(is_passing(&busy.into()));
        Ok(())
    }

    #[tokio::test]
    async fn what_is_refused_leaves_no_trace_and_is_not_tried_again() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let [jane, _] = customers(&app).await?;
            let (tries, origin) = (&AtomicU32::new(0), origin());

            let refused = transact_as(&app, &origin, |tx| async move {
                tries.fetch_add(1, Ordering::Relaxed);
                rename(&tx, jane).await?;
                tx.emit(Event::CustomerUpdated { customer: jane, changed: vec!["name"] });
                Err::<(), _>(Rejection::new(RejectionCode::NotAllowed, "input", "not today").into())
            });

            assert!(matches!(refused.await, Err(Refusal::Rejected(reasons)) if reasons.len() == 1));
            assert_eq!(tries.load(Ordering::Relaxed), 1);
            let customer = entity::customer::Entity::find_by_id(jane).one(app.database.reader()).await?;
            assert_eq!(customer.map(|customer| customer.name).as_deref(), Some("Jane"));
            assert_eq!(entity::event::Entity::find().one(app.database.reader()).await?, None);
            Ok(())
        })
        .await
    }

    /// Segments are only asked again whose rules read what an event is said to change.
    #[tokio::test]
    async fn an_event_changes_no_figure_but_those_that_it_is_said_to() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let [jane, john] = customers(&app).await?;
            let order = |customer| Box::new(given::purchase(customer, given::ago(10), 600_000));
            let events = [
                Event::OrderCreated { order: order(jane) },
                Event::OrderDelivered { order: order(jane) },
                Event::CustomerPurchased { order: order(jane) },
                Event::OrderRefunded { refund: Box::new(given::refund(jane, given::ago(1), 1_000)) },
                Event::OrderCreated { order: order(john) },
                Event::OrderCancelled { order: order(john) },
            ];

            for event in events {
                let tx = Transaction::begin(&app, &origin()).await?;
                let before = columns(&tx).await?;
                let (_, changed) = follow(&tx, event, |_| ()).await?;
                check_named(&changed, &before, &columns(&tx).await?);
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn an_edit_changes_nothing_but_where_its_fields_are_stored() -> anyhow::Result<()> {
        let text = |text: &str| Value(text.to_owned());
        let none = CustomerFacts::default;
        let edits = [
            CustomerFacts { name: text("Jane Doe"), ..none() },
            CustomerFacts { given_name: text("Jane"), ..none() },
            CustomerFacts { family_name: text("Roe"), ..none() },
            CustomerFacts { email: text("jane@example.org"), ..none() },
            CustomerFacts { telephone: text("+12125550123"), ..none() },
            CustomerFacts { birth_date: Value(Day(given::ago(9_000).date_naive())), ..none() },
            CustomerFacts { gender: Value(Gender::Female), ..none() },
            CustomerFacts { email_opt_in: Value(true), ..none() },
            CustomerFacts { sms_opt_in: Value(true), ..none() },
            CustomerFacts { communication_preferences: Value(vec![CommunicationChannel::Sms]), ..none() },
            CustomerFacts { preferred_language: text("de"), ..none() },
            CustomerFacts { timezone: text("Europe/Berlin"), ..none() },
            CustomerFacts { custom_fields: Value(serde_json::json!({ "size": 38 })), ..none() },
            CustomerFacts { external_id: text("J1"), ..none() },
            CustomerFacts { customer_since: Value(Instant(given::ago(400))), ..none() },
            CustomerFacts { tags: Value(vec!["vip".to_owned()]), ..none() },
            CustomerFacts { given_name: Null, family_name: Null, birth_date: Null, gender: Null, ..none() },
            CustomerFacts { kind: Value(CustomerKind::Organization), ..none() },
            CustomerFacts { legal_name: text("Jane Inc."), ..none() },
        ];
        given::each_store(async |app| {
            let [jane, _] = customers(&app).await?;
            for facts in &edits {
                let tx = Transaction::begin(&app, &origin()).await?;
                let before = columns(&tx).await?;
                operations::update(&tx, jane, facts, None).await.expect("an edit");
                let after = columns(&tx).await?;
                let mut changed = Changed::default();
                for place in 0.. {
                    let Some(event) = tx.event(place) else { break };
                    changed = changed.and(follow(&tx, event, |_| ()).await?.1);
                }
                assert_ne!(before, after, "{facts:?}");
                check_named(&changed, &before, &after);
                assert!(!changed.is_read_in(&BTreeSet::from(["orders".to_owned()])), "{facts:?} {changed:?}");
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }
}

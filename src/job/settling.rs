//! The members by rules that are new: they are found right after the commit.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    lease,
    segmentation::{Misplaced, Rules},
    work::Work,
};
use crate::{app::App, filter::Entry, progress::Progress, segment::computation};

/// The lease under which the members by new rules are found.
const LEASE: &str = "segment-rules";

/// How long it takes at most until the members by a rule are found that another process wrote, or whose process died.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// When a rule is tried again whose members could not be found. If it is its own fault, each further wait is twice as
/// long, up to [`LAST_RETRY`].
const FIRST_RETRY: Duration = Duration::from_secs(10);

/// The longest wait until a rule is tried again.
const LAST_RETRY: Duration = Duration::from_hours(1);

/// Finds the members by rules that are new, once they are committed, until the process ends.
pub async fn settle(app: App) {
    let mut retries = Retries::default();
    loop {
        if let Err(error) = settle_due(&app, &mut retries).await {
            tracing::error!(error = format!("{error:#}"), "the members by new rules could not be found");
        }
        tokio::select! {
            () = app.rules.bell.heard() => {}
            () = sleep(LONGEST_WAIT) => {}
        }
    }
}

/// Finds the members of the dynamic segments that were never computed, unless another process does. What is wrong with
/// one of them is logged, and does not hold up the others.
///
/// # Errors
/// When the database fails. What was done before stays, and the rest is found next time.
pub async fn settle_new(app: &App) -> anyhow::Result<()> {
    settle_due(app, &mut Retries::default()).await
}

async fn settle_due(app: &App, retries: &mut Retries) -> anyhow::Result<()> {
    let new = retries.due(computation::uncomputed(app.database.uncounted_reader()).await?, Instant::now());
    if new.is_empty() {
        return Ok(());
    }
    let run = app.clock.key();
    if !lease::take(app.database.writer(), LEASE, run).await? {
        return Ok(());
    }
    let progress = Progress::silent();
    let work = Work::without_run(app, run, LEASE, &progress);
    let result = tokio::select! {
        result = settle_each(&work, &new, retries) => result,
        error = lease::keep(app, run) => Err(error),
    };
    if result.is_err() {
        for (segment, version) in new {
            retries.put_off(segment, version, Instant::now());
        }
    }
    lease::give_back(app.database.writer(), run).await?;
    result
}

/// Applies each new rule by itself.
async fn settle_each(work: &Work<'_>, new: &BTreeMap<Uuid, i32>, retries: &mut Retries) -> anyhow::Result<()> {
    let rules = Rules::read(work).await?;
    for rule in rules.book.unreadable().iter().filter(|rule| new.contains_key(&rule.key)) {
        retries.blame(rule.key, rule.version, Instant::now());
    }
    for segment in rules.book.entries().filter(|segment| new.contains_key(&segment.key)) {
        let handle = segment.name.as_str();
        let misplaced = match rules.misplaced(work, segment).await {
            Ok(misplaced) => misplaced,
            Err(error) => {
                let wait = retries.blame(segment.key, segment.version, Instant::now());
                let (error, seconds) = (format!("{error:#}"), wait.as_secs());
                tracing::error!(segment = handle, error, seconds, "a new rule could not be applied; it is tried again");
                continue;
            }
        };
        let misplaced = misplaced.into_iter().map(|customer| (customer, vec![segment.key])).collect();
        match place(work, &rules, misplaced, segment).await {
            Ok(changed) => tracing::info!(segment = handle, changed, "the members by a new rule are found"),
            Err(error) => {
                retries.put_off(segment.key, segment.version, Instant::now());
                let (error, seconds) = (format!("{error:#}"), FIRST_RETRY.as_secs());
                tracing::error!(segment = handle, error, seconds, "members could not be placed; it is tried again");
            }
        }
    }
    Ok(())
}

/// Brings those who are `misplaced` to where they belong, and gives how many moved.
async fn place(work: &Work<'_>, rules: &Rules, misplaced: Misplaced, segment: &Entry) -> anyhow::Result<u64> {
    let (_, before) = work.tally();
    rules.place(work, misplaced, &[segment]).await?;
    rules.check(segment)?;
    Ok(work.tally().1 - before)
}

/// The new rules whose members could not be found, by segment and version, and when they are tried again.
#[derive(Default)]
struct Retries(HashMap<(Uuid, i32), Retry>);

struct Retry {
    waits: ExponentialBackoff,
    due: Instant,
}

impl Retries {
    /// Those of `new` that are to be tried at `now`. What is not new any more is forgotten.
    fn due(&mut self, mut new: BTreeMap<Uuid, i32>, now: Instant) -> BTreeMap<Uuid, i32> {
        self.0.retain(|(segment, version), _| new.get(segment) == Some(version));
        new.retain(|segment, version| self.0.get(&(*segment, *version)).is_none_or(|retry| retry.due <= now));
        new
    }

    /// Puts a rule off that could not be applied at `now`, by a fault of its own. Gives for how long.
    fn blame(&mut self, segment: Uuid, version: i32, now: Instant) -> Duration {
        let retry = self.entry(segment, version, now);
        let wait = retry.waits.next().unwrap_or(LAST_RETRY);
        retry.due = now + wait;
        wait
    }

    /// Puts a rule off whose members could not be found at `now`, by no fault of its own.
    fn put_off(&mut self, segment: Uuid, version: i32, now: Instant) {
        let retry = self.entry(segment, version, now);
        retry.due = retry.due.max(now + FIRST_RETRY);
    }

    fn entry(&mut self, segment: Uuid, version: i32, now: Instant) -> &mut Retry {
        let waits =
            ExponentialBuilder::new().with_min_delay(FIRST_RETRY).with_max_delay(LAST_RETRY).without_max_times();
        self.0.entry((segment, version)).or_insert_with(|| Retry { waits: waits.build(), due: now })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use async_graphql::{ID, MaybeUndefined};
    use entity::{event::EventCause, segment, segment_membership};
    use sea_orm::EntityTrait;
    use tokio::{pin, select};

    use super::*;
    use crate::{
        event::log::Origin,
        filter::{Book, Literal, Rule, Test},
        given::{self, IS_BLOCKED, session},
        reactions::transact_as,
        rejection::Attempt,
        segment::{
            Changed, editing,
            input::{SegmentCreateInput, SegmentUpdateInput},
            operations, rules,
        },
        store::{Dialect, execute},
        transaction::Transaction,
    };

    /// The condition on a session that it has looked whether those who write have ended.
    const LOOKS_FOR_WRITERS: &str = "query like 'select 1 from pg_stat_activity %backend_xid%'";

    fn origin() -> Origin {
        Origin { actor: "test".to_owned(), cause: EventCause::Job }
    }

    /// Runs a test where transactions go on beside each other, on a store with a customer. SQLite has one writer.
    async fn side_by_side<F: Future<Output = anyhow::Result<()>>>(test: impl Fn(App, Uuid) -> F) -> anyhow::Result<()> {
        given::each_store(async |app| {
            if app.database.dialect() == Dialect::Sqlite {
                return Ok(());
            }
            let tx = app.database.begin().await?;
            let jane = given::customer(&tx, "Jane").await?;
            tx.commit().await?;
            test(app, jane).await
        })
        .await
    }

    /// The segment of those who have ordered.
    async fn make(app: &App) -> Uuid {
        let (name, handle, description, filter) = ("Buyers".to_owned(), None, None, None);
        let input = &SegmentCreateInput { name, handle, description, filter };
        let rule = &Rule::Compare { field: "totalOrders".to_owned(), test: Test::Gte(Literal::Integer(1)) };
        let create = |tx| async move { editing::create(&tx, input, Some(rule.clone())).await };
        transact_as(app, &origin(), create).await.expect("a segment")
    }

    async fn make_static(app: &App, segment: Uuid) -> Attempt<Uuid> {
        let input = &SegmentUpdateInput {
            id: ID::default(),
            name: MaybeUndefined::Undefined,
            handle: MaybeUndefined::Undefined,
            description: MaybeUndefined::Undefined,
            filter: MaybeUndefined::Null,
            expected_version: None,
        };
        let edit = |tx| async move { editing::update(&tx, segment, input, MaybeUndefined::Null).await };
        transact_as(app, &origin(), edit).await
    }

    /// An order as far as rules see it, up to where they are read.
    async fn order(tx: &Transaction, customer: Uuid) -> anyhow::Result<Arc<Book>> {
        execute(&*tx.db, "update customer set total_orders = 1 where id = $1", vec![customer.into()]).await?;
        tx.lock(customer);
        rules::of(tx).await
    }

    async fn reconsider(tx: &Transaction, book: &Book, customer: Uuid) -> anyhow::Result<()> {
        operations::reconsider(tx, book, &[customer], &Changed::from(&["total_orders"][..])).await
    }

    async fn is_member(app: &App, segment: Uuid, customer: Uuid) -> anyhow::Result<bool> {
        let place = segment_membership::Entity::find_by_id((segment, customer));
        Ok(place.one(app.database.reader()).await?.is_some())
    }

    #[tokio::test]
    async fn whoever_is_written_by_older_rules_is_found_when_that_is_committed() -> anyhow::Result<()> {
        side_by_side(async |app, jane| {
            let early = Transaction::begin(&app, &origin()).await?;
            let book = order(&early, jane).await?;
            reconsider(&early, &book, jane).await?;
            let buyers = make(&app).await;

            let settling = settle_new(&app);
            pin!(settling);
            select! {
                settled = &mut settling => anyhow::bail!("it did not wait: {settled:?}"),
                is_looking = session(&app, LOOKS_FOR_WRITERS) => is_looking?,
            }
            early.commit().await?;
            settling.await?;

            assert!(is_member(&app, buyers, jane).await?);
            let segment = segment::Entity::find_by_id(buyers).one(app.database.reader()).await?;
            assert!(segment.is_some_and(|segment| segment.computed_at.is_some()));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn nobody_moves_by_a_rule_that_was_taken_away_meanwhile() -> anyhow::Result<()> {
        side_by_side(async |app, jane| {
            let (buyers, tries) = (make(&app).await, AtomicU32::new(0));

            let origin = origin();
            let moving = transact_as(&app, &origin, |tx| {
                let (app, tries) = (&app, &tries);
                async move {
                    let book = order(&tx, jane).await?;
                    if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                        make_static(app, buyers).await?;
                    }
                    Ok(reconsider(&tx, &book, jane).await?)
                }
            });
            moving.await.expect("another try");

            assert_eq!(tries.load(Ordering::Relaxed), 2);
            assert!(!is_member(&app, buyers, jane).await?);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_rule_is_edited_once_those_have_ended_who_moved_by_it() -> anyhow::Result<()> {
        side_by_side(async |app, jane| {
            let buyers = make(&app).await;
            let early = Transaction::begin(&app, &origin()).await?;
            let book = order(&early, jane).await?;
            reconsider(&early, &book, jane).await?;

            let editing = make_static(&app, buyers);
            pin!(editing);
            select! {
                edited = &mut editing => anyhow::bail!("it did not wait: {edited:?}"),
                is_blocked = session(&app, IS_BLOCKED) => is_blocked?,
            }
            early.commit().await?;
            editing.await.expect("an edit");

            assert!(is_member(&app, buyers, jane).await?);
            Ok(())
        })
        .await
    }

    #[test]
    fn a_rule_that_fails_is_put_off_for_longer_each_time_until_it_is_another() {
        let (failing, sound) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let new = |version| BTreeMap::from([(failing, version), (sound, 1)]);
        let mut retries = Retries::default();
        let mut now = Instant::now();

        for seconds in [10, 20, 40] {
            assert_eq!(retries.due(new(1), now), new(1));
            assert_eq!(retries.blame(failing, 1, now), Duration::from_secs(seconds));
            assert_eq!(retries.due(new(1), now), BTreeMap::from([(sound, 1)]));
            now += Duration::from_secs(seconds);
        }
        for _ in 0..20 {
            retries.blame(failing, 1, now);
        }

        assert_eq!(retries.blame(failing, 1, now), LAST_RETRY);
        assert_eq!(retries.due(new(2), now), new(2));
        assert_eq!(retries.blame(failing, 2, now), FIRST_RETRY);
    }

    #[test]
    fn a_rule_waits_no_longer_for_what_is_not_its_fault() {
        let rule = Uuid::from_u128(1);
        let new = || BTreeMap::from([(rule, 1)]);
        let mut retries = Retries::default();
        let mut now = Instant::now();

        for _ in 0..20 {
            retries.put_off(rule, 1, now);
            assert_eq!(retries.due(new(), now + FIRST_RETRY - Duration::from_millis(1)), BTreeMap::new());
            now += FIRST_RETRY;
            assert_eq!(retries.due(new(), now), new());
        }

        assert_eq!(retries.blame(rule, 1, now), FIRST_RETRY);
        assert_eq!(retries.blame(rule, 1, now), FIRST_RETRY * 2);
        retries.put_off(rule, 1, now);
        assert_eq!(retries.due(new(), now + FIRST_RETRY), BTreeMap::new(), "its own fault keeps it waiting");
    }
}

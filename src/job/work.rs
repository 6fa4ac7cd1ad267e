//! What a running job works with.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    customer,
    event::EventCause,
    job_run::{self, JobName},
};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QuerySelect, sea_query::ExprTrait};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{churn, lease, lifetime_value, loyalty, metrics, rfm, run::COMMAND, segmentation};
use crate::{
    app::App,
    event::log::Origin,
    failure::Failure,
    progress::Progress,
    reactions::transact_as,
    rejection::{Attempt, Refusal},
    schedule::name_of,
    store::Dialect,
    transaction::Transaction,
};

/// How many customers the first transaction of a job is about. The others have as many as take about [`turn`].
const FIRST_BATCH: usize = 250;

/// Bounds of the number of customers in one transaction.
const SMALLEST_BATCH: usize = 25;
const LARGEST_BATCH: usize = 50_000;

/// How long one transaction is to take. Whoever else writes waits for it on SQLite, and on PostgreSQL only for the customers
/// that it is about.
const fn turn(dialect: Dialect) -> Duration {
    Duration::from_millis(match dialect {
        Dialect::Sqlite => 40,
        Dialect::Postgres => 200,
    })
}

/// How long a command leaves an SQLite file to other processes after each transaction. They look at ever longer intervals,
/// up to 100 ms, whether it is free, and give up after 5 s; within a process, those who write take turns.
const PAUSE: Duration = Duration::from_millis(10);

/// How long transactions are waited for that may go by what is no more.
const PATIENCE: Duration = Duration::from_secs(10);

/// A job under way.
#[derive(Debug)]
pub struct Work<'a> {
    /// The store.
    pub app: &'a App,
    /// The instant as of which the job computes.
    pub now: DateTime<Utc>,
    /// Whether that is an instant of the past, and the present is left alone.
    pub is_historical: bool,
    /// Whether another process may serve the same store.
    is_aside: bool,
    run: Uuid,
    origin: Origin,
    /// Whoever waits for it.
    pub progress: &'a Progress,
    examined: AtomicU64,
    changed: AtomicU64,
}

impl<'a> Work<'a> {
    /// The work of a run.
    pub fn new(app: &'a App, run: &job_run::Model, progress: &'a Progress) -> Self {
        Self {
            app,
            now: run.as_of.unwrap_or(run.started_at).0,
            is_historical: run.as_of.is_some(),
            is_aside: run.actor == COMMAND && app.database.dialect() == Dialect::Sqlite,
            run: run.id,
            origin: Origin { actor: name_of(run.job), cause: EventCause::Job },
            progress,
            examined: AtomicU64::new(0),
            changed: AtomicU64::new(0),
        }
    }

    /// Work as of now that nobody is told of as a run; `run` is the key that its lease is held by.
    pub fn without_run(app: &'a App, run: Uuid, actor: &str, progress: &'a Progress) -> Self {
        Self {
            app,
            now: app.clock.now(),
            is_historical: false,
            is_aside: false,
            run,
            origin: Origin { actor: actor.to_owned(), cause: EventCause::Job },
            progress,
            examined: AtomicU64::new(0),
            changed: AtomicU64::new(0),
        }
    }

    /// The connection that jobs compute on.
    pub fn reader(&self) -> &'a DatabaseConnection {
        self.app.database.patient_reader()
    }

    /// How many customers there are.
    pub async fn count_customers(&self) -> anyhow::Result<u64> {
        let live = customer::Entity::find().filter(customer::Column::DeletedAt.is_null());
        let count = live.select_only().expr(customer::Column::Id.into_expr().count()).into_tuple::<i64>();
        let count = count.one(self.reader()).await.context("could not count the customers")?;
        Ok(count.unwrap_or_default().cast_unsigned())
    }

    /// Waits for the end of the transactions that write by now, which may have read what others have changed since. Gives
    /// whether they have ended in time.
    pub async fn outlast_writers(&self) -> anyhow::Result<bool> {
        self.app.database.outlast_writers(PATIENCE).await
    }

    /// `rows` more were looked at.
    pub fn examine(&self, rows: u64) {
        self.examined.fetch_add(rows, Ordering::Relaxed);
    }

    /// How many rows were looked at, and how many of them changed.
    pub fn tally(&self) -> (u64, u64) {
        (self.examined.load(Ordering::Relaxed), self.changed.load(Ordering::Relaxed))
    }

    /// Runs `operation` in a transaction, with all that follows from it, provided that the job is still ours.
    ///
    /// # Errors
    /// When it is not, or the database fails.
    pub async fn transact<T, F>(&self, operation: impl Fn(Transaction) -> F) -> anyhow::Result<T>
    where
        F: Future<Output = Attempt<T>>,
    {
        let operation = &operation;
        let once = |tx: Transaction| async move {
            lease::check(&*tx.db, self.run).await?;
            operation(tx).await
        };
        transact_as(self.app, &self.origin, once).await.map_err(|refusal| match refusal {
            Refusal::Failed(Failure::Internal(error)) => own(&error),
            other => anyhow::anyhow!("{other:?}"),
        })
    }

    /// Applies `operation` to all of `things`, some in each transaction; it gives how many of them it changed.
    ///
    /// # Errors
    /// As [`Work::transact`]. What was applied before stays.
    pub async fn apply<T, F>(&self, things: &[T], operation: impl Fn(Transaction, Vec<T>) -> F) -> anyhow::Result<()>
    where
        T: Clone,
        F: Future<Output = Attempt<usize>>,
    {
        self.progress.begin("customers", things.len() as u64);
        self.apply_some(things, operation).await?;
        self.progress.finish();
        Ok(())
    }

    /// As [`Work::apply`], of things among those that the job has told that it is doing.
    ///
    /// # Errors
    /// As [`Work::apply`].
    pub async fn apply_some<T, F>(
        &self,
        things: &[T],
        operation: impl Fn(Transaction, Vec<T>) -> F,
    ) -> anyhow::Result<()>
    where
        T: Clone,
        F: Future<Output = Attempt<usize>>,
    {
        let (mut rest, mut size) = (things, FIRST_BATCH);
        while !rest.is_empty() {
            let (batch, others) = rest.split_at(size.min(rest.len()));
            let begun = Instant::now();
            let changed = self.transact(|tx| operation(tx, batch.to_vec())).await?;
            size = paced(size, begun.elapsed(), turn(self.app.database.dialect()));
            self.changed.fetch_add(changed as u64, Ordering::Relaxed);
            self.progress.advance(batch.len() as u64);
            rest = others;
            if self.is_aside {
                sleep(PAUSE).await;
            }
        }
        Ok(())
    }
}

/// The same error for oneself: the original is shared.
fn own(error: &anyhow::Error) -> anyhow::Error {
    let mut causes = error.chain().rev().map(ToString::to_string);
    let first = anyhow::Error::msg(causes.next().unwrap_or_default());
    causes.fold(first, anyhow::Error::context)
}

/// The first of `failures`, if there are any; the others are logged.
pub fn first_of(failures: Vec<anyhow::Error>) -> anyhow::Result<()> {
    let mut failures = failures.into_iter();
    let Some(first) = failures.next() else { return Ok(()) };
    for other in failures {
        tracing::error!(error = format!("{other:#}"), "something else failed too");
    }
    Err(first)
}

/// How many customers the next transaction is about, when one about `size` of them `took` so long, and is to take `turn`.
fn paced(size: usize, took: Duration, turn: Duration) -> usize {
    let size = if took > turn {
        size / 2
    } else if took < turn / 8 {
        size * 4
    } else if took < turn / 2 {
        size * 2
    } else {
        size
    };
    size.clamp(SMALLEST_BATCH, LARGEST_BATCH)
}

/// Does the job.
pub async fn perform(job: JobName, work: &Work<'_>) -> anyhow::Result<()> {
    match job {
        JobName::Segmentation => segmentation::run(work).await,
        JobName::Rfm => rfm::run(work).await,
        JobName::Churn => churn::run(work).await,
        JobName::Loyalty => loyalty::run(work).await,
        JobName::Ltv => lifetime_value::run(work).await,
        JobName::Metrics => metrics::run(work).await,
    }
}

/// Whether a run as of the past stores something: jobs that keep no history would have nothing to do.
#[must_use]
pub fn keeps_history(job: JobName) -> bool {
    match job {
        JobName::Rfm | JobName::Ltv => true,
        JobName::Segmentation | JobName::Churn | JobName::Loyalty | JobName::Metrics => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transactions_grow_and_shrink_to_their_turn() {
        let cases =
            [(250, 4, 1000), (250, 10, 500), (250, 30, 250), (250, 41, 125), (30, 1000, 25), (50_000, 1, 50_000)];

        for (size, took, expected) in cases {
            assert_eq!(
                paced(size, Duration::from_millis(took), Duration::from_millis(40)),
                expected,
                "{size} in {took} ms"
            );
        }
    }
}

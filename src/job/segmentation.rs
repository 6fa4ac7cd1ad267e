//! The members of dynamic segments, as time and new rules move them.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::sleep;

use super::{lease, work::Work};
use crate::{
    app::App,
    event::log,
    filter::Entry,
    progress::Progress,
    segment::{Changed, computation, operations, rules},
    store::Reading,
};

/// The lease under which the members by new rules are found.
const LEASE: &str = "segment-rules";

/// How long it takes at most until the members by a rule are found that another process wrote, or whose process died.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Applies the rules of all dynamic segments to everyone as of now.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    work.examine(work.count_customers().await?);
    apply(work, |_| true).await
}

/// Finds the members by rules that are new, once they are committed, until the process ends.
pub async fn settle(app: App) {
    loop {
        if let Err(error) = settle_new(&app).await {
            tracing::error!(error = format!("{error:#}"), "the members of a segment could not be found");
        }
        tokio::select! {
            () = app.rules.bell.heard() => {}
            () = sleep(LONGEST_WAIT) => {}
        }
    }
}

/// Finds the members of the dynamic segments that were never computed, unless another process does.
///
/// # Errors When the database fails, or a stored rule cannot be read. What was done before stays, and the rest is found
/// next time.
pub async fn settle_new(app: &App) -> anyhow::Result<()> {
    let new = computation::uncomputed(app.database.uncounted_reader()).await?;
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
        result = settle_these(&work, &new) => result,
        error = lease::keep(app, run) => Err(error),
    };
    lease::give_back(app.database.writer(), run).await?;
    let (_, changed) = work.tally();
    tracing::info!(segments = new.len(), changed, "the members by new rules are found");
    result
}

async fn settle_these(work: &Work<'_>, new: &BTreeSet<uuid::Uuid>) -> anyhow::Result<()> {
    apply(work, |segment| new.contains(&segment.key)).await
}

/// Applies the rules of some dynamic segments to everyone.
///
/// Those who are misplaced are found first. Then they are reconsidered, batch by batch, as everyone is to whom
/// something happens: segments whose rules name these follow.
async fn apply(work: &Work<'_>, is_applied: impl Fn(&Entry) -> bool) -> anyhow::Result<()> {
    let reading = Reading { now: work.now, ..work.app.reading() };
    let book = rules::read(work.reader(), &reading).await?;
    let applied = || book.entries().filter(|segment| is_applied(segment));
    let misplaced: Vec<_> = computation::misplaced(work.reader(), &reading, applied()).await?.into_iter().collect();
    work.apply(&misplaced, |tx, batch| async move {
        log::lock(&*tx.db, &batch).await?;
        operations::reconsider(&tx, &batch, &Changed::Everything).await?;
        Ok(batch.len())
    })
    .await?;
    computation::mark(work.app.database.writer(), &reading, applied()).await
}

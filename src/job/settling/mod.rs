//! What is settled right after a commit, as it concerns too many customers for the transaction that brings it about: the
//! members by rules that are new, of programs whose tiers were edited, and of segments that were deleted.
//!
//! It is found in the rows themselves, so that nothing is lost when a process dies, and done in batches. A lease keeps a
//! second process from doing the same.

mod retries;
mod rules;

use std::{collections::BTreeMap, time::Duration};

use sea_orm::ConnectionTrait;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use self::retries::{FIRST_RETRY, Retries};
use super::{lease, loyalty, segmentation, work::Work};
use crate::{
    app::App,
    loyalty::program,
    progress::Progress,
    segment::{computation, operations},
};

/// The lease under which things are settled.
const LEASE: &str = "settling";

/// How long it takes at most until is settled what another process wrote, or whose process died.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What is to be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Task {
    /// Who is in this segment, whose rule is new.
    Rule(Uuid),
    /// Which tiers the members of this program hold, whose tiers were edited.
    Program(Uuid),
    /// Who is in this segment, which was deleted.
    Deletion(Uuid),
}

/// Settles what is committed, until the process ends.
pub async fn settle(app: App) {
    let mut retries = Retries::default();
    loop {
        if let Err(error) = settle_due(&app, &mut retries).await {
            tracing::error!(error = format!("{error:#}"), "what was committed could not be settled");
        }
        tokio::select! {
            () = app.unsettled.heard() => {}
            () = sleep(LONGEST_WAIT) => {}
        }
    }
}

/// Settles what is committed, unless another process does. What is wrong with one thing is logged, and does not hold up the
/// others.
///
/// # Errors
/// When the database fails. What was done before stays, and the rest is done next time.
pub async fn settle_new(app: &App) -> anyhow::Result<()> {
    settle_due(app, &mut Retries::default()).await
}

async fn settle_due(app: &App, retries: &mut Retries) -> anyhow::Result<()> {
    let due = retries.due(unsettled(app.database.uncounted_reader()).await?, Instant::now());
    if due.is_empty() {
        return Ok(());
    }
    let run = app.clock.key();
    if !lease::take(app.database.writer(), LEASE, run).await? {
        return Ok(());
    }
    let progress = Progress::silent();
    let work = Work::without_run(app, run, LEASE, &progress);
    let result = tokio::select! {
        result = settle_each(&work, &due, retries) => result,
        error = lease::keep(app, run) => Err(error),
    };
    if result.is_err() {
        for (task, version) in due {
            retries.put_off(task, version, Instant::now());
        }
    }
    lease::give_back(app.database.writer(), run).await?;
    result
}

/// What is to be settled, each with the version of its row.
async fn unsettled(db: &impl ConnectionTrait) -> anyhow::Result<BTreeMap<Task, i32>> {
    let programs = program::operations::unsettled(db).await?.into_iter();
    let deletions = operations::deleted(db).await?.into_iter();
    let rules = computation::uncomputed(db).await?.into_iter();
    let programs = programs.map(|(program, version)| (Task::Program(program), version));
    let deletions = deletions.map(|(segment, version)| (Task::Deletion(segment), version));
    let rules = rules.map(|(segment, version)| (Task::Rule(segment), version));
    Ok(programs.chain(deletions).chain(rules).collect())
}

async fn settle_each(work: &Work<'_>, due: &BTreeMap<Task, i32>, retries: &mut Retries) -> anyhow::Result<()> {
    let rules = due.iter().filter_map(|(task, version)| match task {
        Task::Rule(segment) => Some((*segment, *version)),
        Task::Program(_) | Task::Deletion(_) => None,
    });
    let rules: BTreeMap<_, _> = rules.collect();
    if !rules.is_empty() {
        rules::settle(work, &rules, retries).await?;
    }
    for (&task, &version) in due {
        let settled = match task {
            Task::Rule(_) => continue,
            Task::Program(program) => loyalty::settle(work, program, version).await,
            Task::Deletion(segment) => segmentation::empty(work, segment).await,
        };
        if let Err(error) = settled {
            retries.put_off(task, version, Instant::now());
            let (task, error, seconds) = (format!("{task:?}"), format!("{error:#}"), FIRST_RETRY.as_secs());
            tracing::error!(task, error, seconds, "members could not be settled; it is tried again");
        }
    }
    Ok(())
}

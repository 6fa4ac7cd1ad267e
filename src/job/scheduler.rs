//! Jobs that run by themselves, when their time comes.

use std::time::Duration;

use chrono::{DateTime, Utc};
use entity::job_run::JobName;
use sea_orm::Iterable;
use tokio::time::sleep;

use super::run::{SCHEDULE, Wish, bury, carry_out, enter_due, last_starts};
use crate::{app::App, progress::Progress, schedule::name_of};

/// How often it is looked whether a job is due, at least: the process that ran it may have died.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Runs each job when its time comes, one after another, until the process ends. What was missed while no process ran
/// is caught up with once.
pub async fn run(app: App) {
    loop {
        run_due(&app).await;
        sleep(wait(&app, app.clock.now())).await;
    }
}

/// Runs the jobs that are due now, unless another process does. Tells first of runs whose process died.
pub async fn run_due(app: &App) {
    if let Err(error) = bury(app).await {
        tracing::error!(error = format!("{error:#}"), "runs of jobs could not be looked at");
    }
    let starts = match last_starts(app.database.reader()).await {
        Ok(starts) => starts,
        Err(error) => return tracing::error!(error = format!("{error:#}"), "the runs of jobs could not be read"),
    };
    for job in JobName::iter() {
        let last = starts.get(&job).copied();
        let is_due = app.schedules.of(job).is_some_and(|schedule| schedule.is_due(last, app.clock.now()));
        if is_due && let Err(error) = run_one(app, job).await {
            let job = name_of(job);
            tracing::error!(job, error = format!("{error:#}"), "the job could not be run");
        }
    }
}

async fn run_one(app: &App, job: JobName) -> anyhow::Result<()> {
    let wish = Wish { job, as_of: None, actor: SCHEDULE.to_owned() };
    if let Some(run) = enter_due(app, &wish).await? {
        carry_out(app, run, &Progress::silent()).await?;
    }
    Ok(())
}

/// How long nothing is due.
fn wait(app: &App, now: DateTime<Utc>) -> Duration {
    let next = JobName::iter().filter_map(|job| app.schedules.of(job)?.next_after(now)).min();
    let wait = next.and_then(|next| (next - now).to_std().ok()).unwrap_or(LONGEST_WAIT);
    wait.min(LONGEST_WAIT)
}

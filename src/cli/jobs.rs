//! `customers jobs`.

use std::fmt::Write;

use anyhow::bail;
use entity::{
    event::EventCause,
    job_run::{JobName, JobState},
    term::Term,
};
use sea_orm::Iterable;

use super::{DEFAULT_BASE, open, say};
use crate::{
    app::App,
    config::{JobsCommand, JobsRunOptions, StoreOptions},
    event::log::Origin,
    instant::Instant,
    job::{
        self,
        run::{COMMAND, Wish, carry_out, enter, last_runs},
    },
    progress::Progress,
    reactions::transact_as,
    rejection::Refusal,
    schedule::{Schedules, name_of},
};

/// Tells of jobs, or runs one.
pub async fn run(store: &StoreOptions, command: JobsCommand) -> anyhow::Result<()> {
    let app = open(store, store.database(), DEFAULT_BASE).await?;
    match command {
        JobsCommand::List(options) => {
            let schedules = Schedules::with(&options.schedule).map_err(anyhow::Error::msg)?;
            say(&list(&App { schedules, ..app }).await?)
        }
        JobsCommand::Run(JobsRunOptions { job, verify: true, .. }) => verify(&app, job).await,
        JobsCommand::Run(JobsRunOptions { job, as_of, verify: false }) => {
            let wish = Wish { job, as_of: as_of.map(|instant| instant.0), actor: COMMAND.to_owned() };
            run_now(&app, &wish).await
        }
    }
}

async fn verify(app: &App, job: JobName) -> anyhow::Result<()> {
    if job != JobName::Metrics {
        bail!("--verify: only metrics can be verified, not {}", name_of(job));
    }
    let report = job::verify_metrics(app).await?;
    say(&format!("{report}\n"))?;
    if !report.is_exact() {
        bail!("the figures of customers drifted from the ledger");
    }
    Ok(())
}

async fn run_now(app: &App, wish: &Wish) -> anyhow::Result<()> {
    let origin = Origin { actor: wish.actor.clone(), cause: EventCause::Job };
    let run = transact_as(app, &origin, |tx| async move { enter(&tx, wish).await }).await;
    let run = run.map_err(|refusal| match refusal {
        Refusal::Rejected(reasons) => {
            let reasons: Vec<_> = reasons.into_iter().map(|reason| reason.message).collect();
            anyhow::anyhow!(reasons.join("; "))
        }
        Refusal::Failed(failure) => anyhow::anyhow!("the job could not be begun: {failure:?}"),
    })?;
    app.database.expect_many_rows().await?;
    let run = carry_out(app, run, &Progress::on_stderr()).await?;
    let job = name_of(run.job);
    if run.state != JobState::Succeeded {
        bail!("{job}: {}", run.error.unwrap_or_default());
    }
    say(&format!("{job}: {} examined, {} changed\n", run.examined, run.changed))
}

/// A line for each job: its name, when it runs and will run next, and how it ran last.
async fn list(app: &App) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut lasts = last_runs(app.database.reader()).await?;
    for job in JobName::iter() {
        let schedule = app.schedules.of(job);
        let times = schedule.map_or("when asked for", |schedule| schedule.as_str());
        let next = schedule.and_then(|schedule| schedule.next_after(app.clock.now()));
        let next = next.map(|next| format!(", next {}", Instant(next))).unwrap_or_default();
        let last = lasts.remove(&job).map_or("never ran".to_owned(), |run| {
            let state = run.state.description().name.to_lowercase();
            format!(
                "{state} {}, {} examined, {} changed",
                Instant(run.finished_at.unwrap_or(run.started_at).0),
                run.examined,
                run.changed
            )
        });
        let comment = job.description().comment;
        writeln!(text, "{:14}{times}{next}; {last}\n{:14}{comment}", name_of(job), "")?;
    }
    Ok(text)
}

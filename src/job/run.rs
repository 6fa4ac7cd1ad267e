//! A run of a job, from the lease to the last row.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    job_run::{self, Column, Entity, JobName, JobState},
    term::Term,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, ExprTrait, Order, Query},
};
use uuid::Uuid;

use super::{
    lease,
    work::{Work, keeps_history, perform},
};
use crate::{
    app::App,
    progress::Progress,
    rejection::{Attempt, Rejection, RejectionCode},
    schedule::name_of,
    store::{execute, insert_all},
    transaction::Transaction,
};

/// Who asked for a run that the schedule brought about.
pub const SCHEDULE: &str = "schedule";

/// Who asked for a run on the command line.
pub const COMMAND: &str = "command";

/// How many runs of a job are kept.
pub const MOST_RUNS: u64 = 1_000;

/// The run that is asked for.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Of which job.
    pub job: JobName,
    /// As of which instant of the past; as of now if none is said.
    pub as_of: Option<DateTime<Utc>>,
    /// Who asks.
    pub actor: String,
}

/// Enters a run, with the lease of its job. It is carried out when the transaction is committed.
///
/// # Errors
/// When the job runs already, or cannot run as of that instant.
pub async fn enter(tx: &Transaction, wish: &Wish) -> Attempt<job_run::Model> {
    let job = name_of(wish.job);
    if wish.as_of.is_some() && !keeps_history(wish.job) {
        let message = format!("asOf: {job} is about the present alone, and runs as of now");
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.asOf", message).into());
    }
    if wish.as_of.is_some_and(|instant| instant > tx.now) {
        let message = "asOf: expected an instant that is not in the future";
        return Err(Rejection::new(RejectionCode::Invalid, "input.asOf", message).into());
    }
    let run = start(&*tx.db, wish, tx.now, tx.key()).await?;
    Ok(run.ok_or_else(|| {
        Rejection::new(RejectionCode::NotAllowed, "input.name", format!("name: {job} is running already"))
    })?)
}

/// As [`enter`], if the job is due by its schedule, and no other process runs it.
///
/// # Errors
/// When the database fails.
pub(super) async fn enter_due(app: &App, wish: &Wish) -> anyhow::Result<Option<job_run::Model>> {
    let Some(schedule) = app.schedules.of(wish.job) else { return Ok(None) };
    let tx = app.database.begin().await?;
    let Some(run) = start(&tx, wish, app.clock.now(), app.clock.key()).await? else { return Ok(None) };
    // Another process may have run the job since it was found to be due; the run entered here is not told of one.
    let others = last_starts_but(&tx, Some(run.id)).await?;
    if !schedule.is_due(others.get(&wish.job).copied(), app.clock.now()) {
        return Ok(None);
    }
    tx.commit().await.context("could not begin a job")?;
    Ok(Some(run))
}

/// Takes the lease and writes the run. Gives nothing when another run has the lease.
async fn start(
    db: &impl ConnectionTrait,
    wish: &Wish,
    now: DateTime<Utc>,
    id: Uuid,
) -> anyhow::Result<Option<job_run::Model>> {
    if !lease::take(db, wish.job.description().name, id).await? {
        return Ok(None);
    }
    abandon(db, now).await?;
    let now = ChronoUnixTimestampMillis(now);
    let run = job_run::Model {
        id,
        job: wish.job,
        state: JobState::Running,
        actor: wish.actor.clone(),
        as_of: wish.as_of.map(ChronoUnixTimestampMillis),
        started_at: now,
        finished_at: None,
        examined: 0,
        changed: 0,
        error: None,
    };
    insert_all(db, vec![run.clone()]).await.context("could not enter the run of a job")?;
    forget(db, wish.job).await?;
    Ok(Some(run))
}

/// Takes the leases away that have run out, and tells of their runs that they are abandoned. A process that only slept finds
/// out by its lease that it is to do nothing more.
///
/// # Errors
/// When the database fails.
pub(super) async fn bury(app: &App) -> anyhow::Result<()> {
    let tx = app.database.begin().await?;
    lease::take_away_expired(&tx).await?;
    abandon(&tx, app.clock.now()).await?;
    tx.commit().await.context("could not tell of abandoned jobs")
}

/// Tells of runs that hold no lease any more that they are abandoned: their process died.
async fn abandon(db: &impl ConnectionTrait, now: DateTime<Utc>) -> anyhow::Result<()> {
    let sql = "update job_run set state = $1, finished_at = $2
        where state = $3 and id not in (select run_id from job_lease)";
    let (abandoned, running) = (JobState::Abandoned.to_value(), JobState::Running.to_value());
    let parameters = vec![abandoned.into(), now.timestamp_millis().into(), running.into()];
    execute(db, sql, parameters).await.context("could not tell of an abandoned job")?;
    Ok(())
}

/// Takes away all but the last runs of a job.
async fn forget(db: &impl ConnectionTrait, job: JobName) -> anyhow::Result<()> {
    let kept = Query::select()
        .column(Column::StartedAt)
        .from(Entity)
        .and_where(Column::Job.eq(job))
        .order_by(Column::StartedAt, Order::Desc)
        .limit(1)
        .offset(MOST_RUNS - 1)
        .take();
    let is_old = Column::StartedAt.into_expr().lt(Expr::SubQuery(None, Box::new(kept.into())));
    let old =
        Entity::delete_many().filter(Column::Job.eq(job)).filter(Column::State.ne(JobState::Running)).filter(is_old);
    old.exec(db).await.context("could not take old runs of a job away")?;
    Ok(())
}

/// The run of each job that began last, whatever became of it.
///
/// # Errors
/// When the database fails.
pub async fn last_runs(db: &impl ConnectionTrait) -> anyhow::Result<HashMap<JobName, job_run::Model>> {
    let ranked = Query::select()
        .column(Column::Id)
        .expr_as(Expr::cust("row_number() over (partition by job order by started_at desc, id desc)"), "place")
        .from(Entity)
        .take();
    let lasts =
        Query::select().column(Column::Id).from_subquery(ranked, "ranked").and_where(Expr::col("place").eq(1)).take();
    let runs = Entity::find().filter(Column::Id.in_subquery(lasts)).all(db).await;
    Ok(runs.context("could not read the runs of jobs")?.into_iter().map(|run| (run.job, run)).collect())
}

/// When each job last began to compute as of the present, not counting runs whose process died.
pub(super) async fn last_starts(db: &impl ConnectionTrait) -> anyhow::Result<HashMap<JobName, DateTime<Utc>>> {
    last_starts_but(db, None).await
}

/// As [`last_starts`], without one run.
async fn last_starts_but(
    db: &impl ConnectionTrait,
    without: Option<Uuid>,
) -> anyhow::Result<HashMap<JobName, DateTime<Utc>>> {
    let starts: Vec<(JobName, ChronoUnixTimestampMillis)> = Entity::find()
        .select_only()
        .column(Column::Job)
        .expr(Column::StartedAt.into_expr().max())
        // One that runs holds the lease; one that only says so died, and its job is due again.
        .filter(Column::State.is_not_in([JobState::Abandoned, JobState::Running]))
        .filter(Column::AsOf.is_null())
        .filter(Column::Id.ne(without.unwrap_or_default()))
        .group_by(Column::Job)
        .into_tuple()
        .all(db)
        .await
        .context("could not read the runs of jobs")?;
    Ok(starts.into_iter().map(|(job, start)| (job, start.0)).collect())
}

/// Does what a run is entered for, and tells how it ended.
///
/// # Errors
/// When the database fails while that is told. A failure of the job is told in the run.
pub async fn carry_out(app: &App, run: job_run::Model, progress: &Progress) -> anyhow::Result<job_run::Model> {
    let job = name_of(run.job);
    let work = Work::new(app, &run, progress);
    let result = tokio::select! {
        result = perform(run.job, &work) => result,
        error = lease::keep(app, run.id) => Err(error),
    };
    progress.finish();
    let (examined, changed) = work.tally();
    let error = result.err();
    match &error {
        None => tracing::info!(job, examined, changed, "the job is done"),
        Some(error) => tracing::error!(job, error = format!("{error:#}"), "the job failed"),
    }
    let ended = job_run::Model {
        state: if error.is_none() { JobState::Succeeded } else { JobState::Failed },
        finished_at: Some(ChronoUnixTimestampMillis(app.clock.now())),
        examined: i64::try_from(examined).unwrap_or(i64::MAX),
        changed: i64::try_from(changed).unwrap_or(i64::MAX),
        // What the database says may hold what is in it.
        error: error.map(|error| error.to_string()),
        ..run
    };
    let tx = app.database.begin().await?;
    lease::give_back(&tx, ended.id).await?;
    Entity::update_many()
        .col_expr(Column::State, Expr::val(ended.state))
        .col_expr(Column::FinishedAt, Expr::val(ended.finished_at.map(|instant| instant.0.timestamp_millis())))
        .col_expr(Column::Examined, Expr::val(ended.examined))
        .col_expr(Column::Changed, Expr::val(ended.changed))
        .col_expr(Column::Error, Expr::val(ended.error.clone()))
        .filter(Column::Id.eq(ended.id))
        .filter(Column::State.eq(JobState::Running))
        .exec(&tx)
        .await
        .context("could not tell how a job ended")?;
    tx.commit().await.context("could not tell how a job ended")?;
    Ok(ended)
}

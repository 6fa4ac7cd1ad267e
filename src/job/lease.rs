//! The right to run a job: a row of the database, which one run holds at a time.
//!
//! Instants are those of the database's own clock, so that processes on several machines agree on them.

use std::time::Duration;

use anyhow::{Context, bail};
use sea_orm::ConnectionTrait;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{
    app::App,
    store::{Dialect, execute, query},
};

/// For how long a lease is held unless it is renewed: so long nobody else runs the job of a process that died.
const TERM: Duration = Duration::from_mins(1);

/// How often a lease is renewed.
const RENEWAL: Duration = Duration::from_secs(15);

/// Takes the lease of `job` for `run`, unless another run holds it. Gives whether it was taken.
///
/// # Errors
/// When the database fails.
pub async fn take(tx: &impl ConnectionTrait, job: &str, run: Uuid) -> anyhow::Result<bool> {
    let present = Dialect::from(tx.get_database_backend()).present();
    let sql = format!(
        "insert into job_lease (job, run_id, expires_at) values ($1, $2, {present} + $3)
        on conflict (job) do update set run_id = excluded.run_id, expires_at = excluded.expires_at
        where job_lease.expires_at <= {present}"
    );
    let taken = execute(tx, &sql, vec![job.into(), run.into(), milliseconds(TERM).into()]).await;
    Ok(taken.context("could not take the lease of a job")? == 1)
}

/// Makes sure that `run` holds the lease of its job, and does so until the transaction ends: whoever takes it over waits
/// for what is written by then, and is not overwritten by it.
///
/// # Errors
/// When it does not, or the database fails.
pub async fn check(tx: &impl ConnectionTrait, run: Uuid) -> anyhow::Result<()> {
    // SQLite has one writer.
    let locked = if Dialect::from(tx.get_database_backend()) == Dialect::Postgres { "for share" } else { "" };
    let held = query(tx, &format!("select 1 from job_lease where run_id = $1 {locked}"), vec![run.into()]).await;
    if held.context("could not read the lease of a job")?.is_empty() {
        bail!("another process has taken the job over");
    }
    Ok(())
}

/// Renews the lease of `run` again and again. Ends when it is lost, and says why.
pub async fn keep(app: &App, run: Uuid) -> anyhow::Error {
    let present = app.database.dialect().present();
    let sql = format!("update job_lease set expires_at = {present} + $2 where run_id = $1");
    let mut renewed = Instant::now();
    loop {
        sleep(RENEWAL).await;
        match execute(app.database.writer(), &sql, vec![run.into(), milliseconds(TERM).into()]).await {
            Ok(0) => return anyhow::anyhow!("another process has taken the job over"),
            Ok(_) => renewed = Instant::now(),
            Err(error) if renewed.elapsed() >= TERM => {
                return anyhow::Error::new(error).context("the lease of a job could not be renewed");
            }
            // The lease is held for a while yet, and is tried again.
            Err(error) => tracing::warn!(error = format!("{error:#}"), "the lease of a job was not renewed"),
        }
    }
}

/// Gives the lease of `run` back, if it is held.
///
/// # Errors
/// When the database fails.
pub async fn give_back(tx: &impl ConnectionTrait, run: Uuid) -> anyhow::Result<()> {
    let given = execute(tx, "delete from job_lease where run_id = $1", vec![run.into()]).await;
    given.context("could not give the lease of a job back")?;
    Ok(())
}

/// Takes all leases away that have run out.
///
/// # Errors
/// When the database fails.
pub async fn take_away_expired(tx: &impl ConnectionTrait) -> anyhow::Result<()> {
    let present = Dialect::from(tx.get_database_backend()).present();
    let taken = execute(tx, &format!("delete from job_lease where expires_at <= {present}"), Vec::new()).await;
    taken.context("could not take leases of jobs away")?;
    Ok(())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

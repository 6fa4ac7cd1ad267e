//! The run of a job as every face shows it.

use derive::resource;
use entity::job_run::{JobName, JobState};
use uuid::Uuid;

use crate::instant::Instant;

/// One run of a job, which recomputes something for many customers at once.
#[resource(class = "customers:JobRun", collection = "job-runs", table = entity::job_run)]
pub struct JobRun {
    #[key]
    key: Uuid,
    /// The job.
    #[iri("customers:job")]
    job: JobName,
    /// How far it came.
    #[iri("customers:jobState")]
    state: JobState,
    /// Who asked for it: `schedule`, `command`, or as of events.
    #[iri("customers:actor")]
    actor: String,
    /// The instant of the past as of which it computed, leaving the present alone. Null if it computed as of its start.
    #[iri("customers:asOf")]
    as_of: Option<Instant>,
    /// When it began.
    #[iri("customers:startedAt")]
    started_at: Instant,
    /// When it ended, or was found dead. Null while it runs.
    #[iri("customers:finishedAt")]
    finished_at: Option<Instant>,
    /// How many rows it looked at. Zero while it runs.
    #[iri("customers:examined")]
    examined: i64,
    /// How many of them it changed. Zero while it runs.
    #[iri("customers:changed")]
    changed: i64,
    /// Why it failed. Null unless it did.
    #[iri("customers:error")]
    error: Option<String>,
}

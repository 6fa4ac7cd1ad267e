//! What clients send about jobs.

use async_graphql::InputObject;
use entity::job_run::JobName;

use crate::instant::Instant;

/// What `jobRun` takes.
#[derive(Clone, Debug, InputObject)]
pub struct JobRunInput {
    /// The job.
    pub name: JobName,
    /// An instant of the past as of which to compute, for jobs that store what they find. The present is left alone
    /// then. As of now if not said.
    pub as_of: Option<Instant>,
}

//! What runs of jobs can be filtered and sorted by.

use derive::filter;
use entity::job_run::{self, Column, JobName, JobState};

use super::JobRun;
use crate::graphql::{
    Listed,
    comparison::{DateTimeComparison, StringComparison, term_comparison},
    order_by,
};

term_comparison! {
    /// Tests of which job it is. All given must pass.
    JobNameComparison, JobName
}

term_comparison! {
    /// Tests of how far a run came. All given must pass.
    JobStateComparison, JobState
}

/// Which runs of jobs. All conditions given must hold.
#[filter(table = entity::job_run)]
pub struct JobRunWhere {
    /// The job.
    #[column(Job)]
    job: JobNameComparison,
    /// How far it came.
    #[column(State)]
    state: JobStateComparison,
    /// Who asked for it.
    #[column(Actor)]
    actor: StringComparison,
    /// The instant of the past as of which it computed.
    #[column(AsOf)]
    as_of: DateTimeComparison,
    /// When it began.
    #[column(StartedAt)]
    started_at: DateTimeComparison,
    /// When it ended.
    #[column(FinishedAt)]
    finished_at: DateTimeComparison,
}

order_by! {
    /// What runs of jobs are sorted by.
    JobRunOrderBy,
    /// The fields that runs of jobs can be sorted by.
    JobRunOrderField {
        /// When it began.
        StartedAt: Integer job_run::Entity, Column::StartedAt;
    }
    default StartedAt Desc
}

impl Listed for JobRun {
    type Where = JobRunWhere;
    type OrderBy = JobRunOrderBy;
}

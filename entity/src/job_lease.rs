//! Which run of a job is under way: no other one of the same job is meanwhile.

use sea_orm::entity::prelude::*;

use crate::job_run::JobName;

/// The right to run a job, held by one run at a time until it ends or expires.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_lease")]
pub struct Model {
    /// The job.
    #[sea_orm(primary_key, auto_increment = false)]
    pub job: JobName,
    /// The run that holds it.
    pub run_id: Uuid,
    /// Until when, by the clock of the database; renewed while the job runs.
    pub expires_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Runs of jobs.

use derive::terms;
use sea_orm::entity::prelude::*;

/// One run of a job, on whatever process.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "job_run")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The job.
    pub job: JobName,
    /// How far it came.
    pub state: JobState,
    /// Who asked for it: `schedule`, `command`, or as of events.
    pub actor: String,
    /// The instant of the past as of which it computed; null if as of its start.
    pub as_of: Option<ChronoUnixTimestampMillis>,
    /// When it began.
    pub started_at: ChronoUnixTimestampMillis,
    /// When it ended, or was found dead; null while it runs.
    pub finished_at: Option<ChronoUnixTimestampMillis>,
    /// How many rows were looked at.
    pub examined: i64,
    /// How many of them were changed.
    pub changed: i64,
    /// Why it failed; null unless it did.
    pub error: Option<String>,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What is recomputed for many customers at once.
#[terms("customers:JobName", column)]
pub enum JobName {
    /// Applies the rules of dynamic segments to everyone, as time moves customers from one to another.
    #[iri("customers:SegmentationJob")]
    Segmentation,
    /// Scores customers by how recently they bought, how often, and for how much.
    #[iri("customers:RfmJob")]
    Rfm,
    /// Tells of customers who were lost since it last ran, and of those who came back.
    #[iri("customers:ChurnJob")]
    Churn,
    /// Lets members of loyalty programs that count the spending of a period fall when it is over.
    #[iri("customers:LoyaltyJob")]
    Loyalty,
    /// Fits a model to what all customers bought, and predicts for each whether they still buy, how often, and for how
    /// much.
    #[iri("customers:LtvJob")]
    Ltv,
    /// Rebuilds the figures of customers from their orders and refunds.
    #[iri("customers:MetricsJob")]
    Metrics,
}

/// How far a run of a job came.
#[terms("customers:JobState", column)]
pub enum JobState {
    /// The job is under way.
    #[iri("customers:RunningJob")]
    Running,
    /// The job came to its end.
    #[iri("customers:SucceededJob")]
    Succeeded,
    /// The job gave up. What it had done stays; the next run does the rest.
    #[iri("customers:FailedJob")]
    Failed,
    /// The process of the job ended before it did. What it had done stays; the next run does the rest.
    #[iri("customers:AbandonedJob")]
    Abandoned,
}

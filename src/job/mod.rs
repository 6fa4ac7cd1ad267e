//! Jobs: what is recomputed for many customers at once, on schedule or when asked for.
//!
//! A job computes on a connection that reads, and applies what differs in transactions of a few customers each, so
//! that whoever else writes waits for none of them long. Killed half-way and run again, it ends the same: what is
//! applied already does not differ any more.
//!
//! A run is entered with its lease ([`run::enter`]), carried out ([`run::carry_out`]) and told of as a [`JobRun`]. One
//! process at a time runs a job: the lease is a row of the database, renewed while the job runs, and free for others
//! when it expires. To add a job: a term in `entity::job_run`, its times in [`crate::schedule`], an arm in `work`.

mod churn;
mod filter;
mod input;
mod lease;
mod lifetime_value;
mod links;
mod loyalty;
mod metrics;
mod mutation;
mod node;
mod query;
mod rfm;
pub mod run;
pub mod scheduler;
mod segmentation;
pub mod settling;
#[cfg(test)]
mod tests;
mod work;

pub use filter::{JobRunOrderBy, JobRunWhere};
pub use metrics::{MetricsReport, verify_metrics};
pub use mutation::JobMutation;
pub use node::JobRun;
pub use query::JobQuery;

//! Jobs: what is recomputed for many customers at once.

mod lifetime_value;
mod metrics;
mod segmentation;

pub use lifetime_value::{LifetimeValueReport, fit_lifetime_values};
pub use metrics::{MetricsReport, rebuild_metrics, verify_metrics};
pub use segmentation::settle_segments;

/// How many customers one transaction is about: others who write wait for it.
const BATCH_SIZE: usize = 500;

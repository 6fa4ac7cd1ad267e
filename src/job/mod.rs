//! Jobs: what is recomputed for many customers at once.

mod metrics;

pub use metrics::{MetricsReport, rebuild_metrics, verify_metrics};

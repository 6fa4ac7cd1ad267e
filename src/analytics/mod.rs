//! Analytics: what all customers, or some, come to at an instant.
//!
//! [`Population`] is whom a question is about and when; the other files ask one statement each of it. At a past instant
//! everything is told from orders and refunds. At the moment of reading the figures that are kept of customers are read
//! instead, which are the same by construction. Every field of [`Analytics`] reads when it is selected, independent of
//! the others.

mod breakdown;
mod cohort;
mod headline;
mod interval;
mod node;
mod population;
mod query;
mod series;
mod tiers;
mod timeframe;

pub use breakdown::MOST_ROWS;
pub use cohort::MOST_COHORTS;
pub use interval::CalendarInterval;
pub use node::Analytics;
pub use population::Population;
pub use query::AnalyticsQuery;
pub use series::MOST_INTERVALS;
pub use timeframe::Timeframe;

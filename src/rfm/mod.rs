//! Customers scored by how recently they bought, how often, and for how much.
//!
//! Each score is 1 to 5, by how many customers are worse; the three together make a segment (`segment`). All customers
//! with a purchase are scored in one statement (`computation`), as of now or of an instant of the past. What a run
//! found is kept as an [`RfmRun`]; the scores as of the last run about the present are those of the customers.

pub mod computation;
mod filter;
mod links;
mod node;
mod past;
mod query;
pub mod segment;

pub use filter::{RfmRunOrderBy, RfmRunWhere, RfmScoreWhere};
pub use node::{RfmCell, RfmCutPoint, RfmRun, RfmScore, RfmShare};
pub use past::{PastRun, RfmScores};
pub use query::RfmQuery;

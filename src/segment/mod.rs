//! Segments: sets of customers, chosen by hand or by a rule.

pub mod built_in;
mod changed;
pub mod computation;
pub mod editing;
mod filter;
pub mod input;
mod links;
mod mutation;
mod node;
pub mod operations;
mod query;

pub use changed::Changed;
pub use filter::{SegmentOrderBy, SegmentRelation, SegmentWhere};
pub use mutation::SegmentMutation;
pub use node::Segment;
pub use query::SegmentQuery;

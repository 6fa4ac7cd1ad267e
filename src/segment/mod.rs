//! Segments: sets of customers, chosen by hand or by a rule.

pub mod built_in;
pub mod computation;
mod filter;
mod links;
mod node;
pub mod operations;
mod query;

pub use filter::{SegmentOrderBy, SegmentRelation, SegmentWhere};
pub use node::Segment;
pub use query::SegmentQuery;

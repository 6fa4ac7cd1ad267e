//! Segments: sets of customers, chosen by hand or by a rule.

pub mod built_in;
mod changed;
pub mod computation;
pub mod editing;
mod explanation;
mod filter;
pub mod input;
mod links;
mod mutation;
mod named;
mod node;
pub mod operations;
mod portion;
mod preview;
mod query;
mod reasons;
pub mod rules;

pub use changed::Changed;
pub use filter::{SegmentOrderBy, SegmentRelation, SegmentWhere};
pub use mutation::SegmentMutation;
pub use node::Segment;
pub use preview::{DEFAULT_SAMPLE, LARGEST_SAMPLE, SegmentPreview};
pub use query::SegmentQuery;

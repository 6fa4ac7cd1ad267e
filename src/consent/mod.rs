//! Consent: what customers decided about messages, each decision kept for good. The last one holds.

mod filter;
mod input;
mod links;
mod mutation;
mod node;
pub mod operations;

pub use filter::{ConsentOrderBy, ConsentRelation, ConsentWhere};
pub use mutation::ConsentMutation;
pub use node::Consent;

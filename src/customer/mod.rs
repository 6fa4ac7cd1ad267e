//! Customers: the persons and organizations that buy, with the figures that tell what they are to the store.

pub mod drift;
mod edit;
mod engagement;
mod filter;
mod history;
pub mod input;
mod links;
pub mod metrics;
mod mutation;
mod node;
pub mod operations;
mod query;
pub mod row;
mod search;
mod spend;
pub mod telephone;

pub use engagement::Engagement;
pub use filter::{CustomerOrderBy, CustomerRelation, CustomerWhere};
pub use history::CustomerMetrics;
pub use mutation::CustomerMutation;
pub use node::Customer;
pub use query::{CustomerKey, CustomerQuery};
pub use search::search_text;
pub use spend::{SpendSegment, segment_expression};

#[cfg(test)]
mod tests;

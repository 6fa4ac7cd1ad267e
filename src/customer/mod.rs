//! Customers: the persons and organizations that buy, with the figures that tell what they are to the store.

mod engagement;
mod filter;
mod links;
pub mod metrics;
mod node;
mod query;
mod search;
mod spend;

pub use engagement::Engagement;
pub use filter::{CustomerOrderBy, CustomerRelation, CustomerWhere};
pub use node::Customer;
pub use query::CustomerQuery;
pub use search::search_text;
pub use spend::SpendSegment;

#[cfg(test)]
mod tests;

//! Customers: the persons and organizations that buy, with the figures that tell what they are to the store.

mod engagement;
mod filter;
mod links;
mod locking;
pub mod metrics;
mod node;
mod query;
mod search;
mod spend;

pub use engagement::Engagement;
pub use filter::{CustomerOrderBy, CustomerRelation, CustomerWhere};
pub use locking::{lock_all_live, lock_live};
pub use node::Customer;
pub use query::CustomerQuery;
pub use search::search_text;
pub use spend::SpendSegment;

#[cfg(test)]
mod tests;

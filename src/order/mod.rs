//! Orders: what customers placed, and how far each order has come.

mod filter;
pub mod input;
mod links;
mod mutation;
mod node;
pub mod operations;
pub mod placement;
mod pricing;
mod query;
mod status;
#[cfg(test)]
mod tests;
pub mod total;

pub use filter::{OrderOrderBy, OrderRelation, OrderWhere};
pub use mutation::OrderMutation;
pub use node::Order;
pub use query::OrderQuery;

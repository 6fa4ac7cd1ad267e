//! Orders: what customers placed, and how far each order has come.

mod filter;
mod links;
mod node;
mod query;
pub mod total;

pub use filter::{OrderOrderBy, OrderRelation, OrderWhere};
pub use node::Order;
pub use query::OrderQuery;

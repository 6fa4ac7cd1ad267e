//! Items of orders: the lines that say what was ordered, how many, and at which price.

mod filter;
mod links;
mod node;

pub use filter::{OrderItemOrderBy, OrderItemRelation, OrderItemWhere};
pub use node::OrderItem;

//! Products: the goods and services that the items of an order may name.

mod filter;
mod links;
mod node;
mod query;

pub use filter::{ProductOrderBy, ProductWhere};
pub use node::Product;
pub use query::ProductQuery;

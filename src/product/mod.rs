//! Products: the goods and services that the items of an order may name.

mod filter;
pub mod input;
mod links;
mod mutation;
mod node;
pub mod operations;
mod query;

pub use filter::{ProductOrderBy, ProductWhere};
pub use mutation::ProductMutation;
pub use node::Product;
pub use query::ProductQuery;

//! Addresses of customers, one of them the default for each role.

mod filter;
mod links;
mod node;

pub use filter::{AddressOrderBy, AddressRelation, AddressWhere};
pub use node::Address;

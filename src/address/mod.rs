//! Addresses of customers, one of them the default for each role.

mod defaults;
mod filter;
mod input;
mod links;
mod mutation;
mod node;
pub mod operations;

pub use filter::{AddressOrderBy, AddressRelation, AddressWhere};
pub use mutation::AddressMutation;
pub use node::Address;

//! Contact points of customers: the people and desks to turn to at an organization.

mod filter;
mod input;
mod links;
mod mutation;
mod node;
pub mod operations;

pub use filter::{ContactPointOrderBy, ContactPointRelation, ContactPointWhere};
pub use mutation::ContactPointMutation;
pub use node::ContactPoint;

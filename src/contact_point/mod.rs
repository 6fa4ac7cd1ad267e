//! Contact points of customers: the people and desks to turn to at an organization.

mod filter;
mod links;
mod node;

pub use filter::{ContactPointOrderBy, ContactPointRelation, ContactPointWhere};
pub use node::ContactPoint;

//! Loyalty programs: the schemes that reward spending.

mod filter;
mod links;
mod node;
mod query;

pub use filter::{LoyaltyProgramOrderBy, LoyaltyProgramWhere};
pub use node::LoyaltyProgram;
pub use query::LoyaltyQuery;

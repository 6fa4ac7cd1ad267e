//! Loyalty programs: the schemes that reward spending.

mod filter;
pub mod input;
mod links;
mod mutation;
mod node;
pub mod operations;
mod query;
pub(super) mod tiers;

pub use filter::{LoyaltyProgramOrderBy, LoyaltyProgramWhere};
pub use mutation::LoyaltyProgramMutation;
pub use node::LoyaltyProgram;
pub use query::LoyaltyQuery;

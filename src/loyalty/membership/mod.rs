//! Memberships: which customer is in which loyalty program, and on which tier.

mod filter;
pub mod input;
mod links;
mod mutation;
mod node;
pub mod operations;

pub use filter::{LoyaltyMembershipOrderBy, LoyaltyMembershipRelation, LoyaltyMembershipWhere};
pub use mutation::LoyaltyMembershipMutation;
pub use node::LoyaltyMembership;

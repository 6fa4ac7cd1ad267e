//! Memberships: which customer is in which loyalty program, and on which tier.

mod filter;
mod links;
mod node;

pub use filter::{LoyaltyMembershipOrderBy, LoyaltyMembershipRelation, LoyaltyMembershipWhere};
pub use node::LoyaltyMembership;

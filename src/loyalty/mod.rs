//! Loyalty: programs that reward spending by tiers, and the customers who are in them.
//!
//! A program has tiers, each reached from a spending on; a membership ties a customer to a program and to the tier
//! they hold in it. The default program is the one whose tier counts as the customer's own.

pub mod built_in;
pub mod history;
pub mod membership;
pub mod operations;
mod period;
pub mod program;
mod spending;
pub mod standing;
pub mod tier;

pub use membership::{
    LoyaltyMembership, LoyaltyMembershipMutation, LoyaltyMembershipOrderBy, LoyaltyMembershipRelation,
    LoyaltyMembershipWhere,
};
pub use program::{LoyaltyProgram, LoyaltyProgramMutation, LoyaltyProgramOrderBy, LoyaltyProgramWhere, LoyaltyQuery};
pub use tier::{
    LoyaltyTier, LoyaltyTierOrderBy, LoyaltyTierRelation, LoyaltyTierWhere, is_not_retired, is_of_default_program,
};

//! Tiers: the levels of a loyalty program, each reached from a spending on.

mod filter;
pub mod ladder;
mod links;
mod node;

pub use filter::{LoyaltyTierOrderBy, LoyaltyTierRelation, LoyaltyTierWhere, is_not_retired, is_of_default_program};
pub use node::LoyaltyTier;

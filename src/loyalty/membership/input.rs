//! What clients send about memberships.

use async_graphql::{ID, InputObject};

/// What `loyaltyEnroll` takes.
#[derive(Clone, Debug, InputObject)]
pub struct LoyaltyEnrollInput {
    /// The customer.
    pub customer: ID,
    /// The program: the default one if not said.
    pub program: Option<ID>,
}

/// What `loyaltyLeave` takes.
#[derive(Clone, Debug, InputObject)]
pub struct LoyaltyLeaveInput {
    /// The customer.
    pub customer: ID,
    /// The program: the default one if not said.
    pub program: Option<ID>,
}

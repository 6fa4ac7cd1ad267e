//! What a loyalty membership leads to.

use async_graphql::Context;
use derive::resource;

use super::LoyaltyMembership;
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql,
    loyalty::{LoyaltyProgram, LoyaltyTier},
};

#[resource]
impl LoyaltyMembership {
    /// Who is in the program. `$.Customer.enrolled.in.LoyaltyProgram`
    #[iri("schema:member")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }

    /// The program that they are in. `$.Customer.enrolled.in.LoyaltyProgram`
    #[iri("schema:program")]
    #[states("loyalty-programs", self.program_id)]
    async fn program(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyProgram>> {
        graphql::follow(ctx, &self.siblings, "program_id", Some(self.program_id)).await.transpose()
    }

    /// The tier that they hold now. `$.LoyaltyMembership.holds.LoyaltyTier`
    #[iri("customers:tier")]
    #[states("loyalty-tiers", self.tier_id)]
    async fn tier(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyTier>> {
        graphql::follow(ctx, &self.siblings, "tier_id", Some(self.tier_id)).await.transpose()
    }
}

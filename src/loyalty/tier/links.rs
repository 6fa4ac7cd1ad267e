//! What a loyalty tier leads to.

use async_graphql::Context;
use derive::resource;
use sea_orm::sea_query::IntoIden;

use super::LoyaltyTier;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
    loyalty::{LoyaltyMembership, LoyaltyProgram},
    store::Join,
};

#[resource]
impl LoyaltyTier {
    /// The program that it is a tier of, or was. `$.LoyaltyProgram.has.LoyaltyTier`
    #[iri("schema:isTierOf")]
    #[states("loyalty-programs", self.program_id)]
    async fn program(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyProgram>> {
        graphql::follow(ctx, &self.siblings, "program_id", Some(self.program_id)).await.transpose()
    }

    /// The memberships that hold it now, the latest to join the program first unless another order is asked for.
    /// `$.LoyaltyMembership.holds.LoyaltyTier`
    #[iri("^customers:tier")]
    #[pages]
    async fn memberships(
        &self,
        ctx: &Context<'_>,
        pages: Pages<LoyaltyMembership>,
    ) -> Option<Outcome<Connection<LoyaltyMembership>>> {
        let join = Join::Column(|| entity::loyalty_membership::Column::TierId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

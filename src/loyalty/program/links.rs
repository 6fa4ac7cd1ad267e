//! What a loyalty program leads to.

use async_graphql::Context;
use derive::resource;
use sea_orm::sea_query::IntoIden;

use super::LoyaltyProgram;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
    loyalty::{self, LoyaltyMembership, LoyaltyTier},
    store::Join,
};

#[resource]
impl LoyaltyProgram {
    /// Its tiers, the lowest first unless another order is asked for. `$.LoyaltyProgram.has.LoyaltyTier`
    #[iri("^schema:isTierOf")]
    #[pages]
    async fn tiers(&self, ctx: &Context<'_>, pages: Pages<LoyaltyTier>) -> Option<Outcome<Connection<LoyaltyTier>>> {
        let join = Join::Column(|| entity::loyalty_tier::Column::ProgramId.into_iden());
        let only = Some(loyalty::is_not_retired());
        Some(graphql::related_where(ctx, (&self.siblings, self.key), join, pages, only).await)
    }

    /// Who is in it, the latest to join first unless another order is asked for.
    /// `$.Customer.enrolled.in.LoyaltyProgram`
    #[iri("^schema:program")]
    #[pages]
    async fn memberships(
        &self,
        ctx: &Context<'_>,
        pages: Pages<LoyaltyMembership>,
    ) -> Option<Outcome<Connection<LoyaltyMembership>>> {
        let join = Join::Column(|| entity::loyalty_membership::Column::ProgramId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

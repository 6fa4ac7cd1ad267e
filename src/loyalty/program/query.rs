//! Loyalty programs at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::LoyaltyProgram;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about loyalty.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoyaltyQuery;

#[connections]
#[Object]
impl LoyaltyQuery {
    /// The loyalty program with this id. Null if there is none.
    async fn loyalty_program(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The program's IRI.")] id: ID,
    ) -> Option<Outcome<LoyaltyProgram>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// Loyalty programs, the oldest first unless another order is asked for.
    async fn loyalty_programs(
        &self,
        ctx: &Context<'_>,
        pages: Pages<LoyaltyProgram>,
    ) -> Option<Outcome<Connection<LoyaltyProgram>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

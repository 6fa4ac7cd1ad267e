//! The runs at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::LifetimeValueRun;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about the purchase model.
#[derive(Clone, Copy, Debug, Default)]
pub struct LifetimeValueQuery;

#[connections]
#[Object]
impl LifetimeValueQuery {
    /// The fit of the purchase model with this id. Null if there is none.
    async fn lifetime_value_run(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The run's IRI.")] id: ID,
    ) -> Option<Outcome<LifetimeValueRun>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// Fits of the purchase model, the latest made first unless another order is asked for.
    async fn lifetime_value_runs(
        &self,
        ctx: &Context<'_>,
        pages: Pages<LifetimeValueRun>,
    ) -> Option<Outcome<Connection<LifetimeValueRun>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

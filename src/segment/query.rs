//! Segments at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::Segment;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about segments.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentQuery;

#[connections]
#[Object]
impl SegmentQuery {
    /// The segment with this id. Null if there is none.
    async fn segment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The segment's IRI.")] id: ID,
    ) -> Option<Outcome<Segment>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// Segments, by name unless another order is asked for.
    async fn segments(&self, ctx: &Context<'_>, pages: Pages<Segment>) -> Option<Outcome<Connection<Segment>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

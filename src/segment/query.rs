//! Segments at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::{
    Segment, SegmentPreview,
    explanation::{self, SegmentExplanation},
};
use crate::{
    customer::{Customer, CustomerWhere},
    failure::Outcome,
    graphql::{self, Connection, Pages, key_of},
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

    /// Whom a dynamic segment with this rule would have in it. Nothing is written.
    async fn segment_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where", desc = "The rule.")] filter: CustomerWhere,
    ) -> Option<Outcome<SegmentPreview>> {
        Some(graphql::condition(ctx, Some(filter)).map(|condition| SegmentPreview { condition }))
    }

    /// Why a customer is in a segment, or not: its rule, each condition with what the customer has and whether it holds, as
    /// of now. Null if there is no such segment or customer.
    async fn segment_explain(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The segment's IRI.")] segment: ID,
        #[graphql(desc = "The customer's IRI.")] customer: ID,
    ) -> Option<Outcome<SegmentExplanation>> {
        let place = key_of::<Segment>(ctx, "segment", &segment)
            .and_then(|segment| Ok((segment, key_of::<Customer>(ctx, "customer", &customer)?)));
        match place {
            Ok((segment, customer)) => explanation::explain(ctx, segment, customer).await.transpose(),
            Err(failure) => Some(Err(failure)),
        }
    }

    /// Segments, by name unless another order is asked for.
    async fn segments(&self, ctx: &Context<'_>, pages: Pages<Segment>) -> Option<Outcome<Connection<Segment>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

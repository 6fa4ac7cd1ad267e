//! Communications at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::{
    Communication,
    input::CommunicationSendInput,
    preview::{CommunicationPreview, preview},
};
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about communications.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommunicationQuery;

#[connections]
#[Object]
impl CommunicationQuery {
    /// The message with this id. Null if there is none.
    async fn communication(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The message's IRI.")] id: ID,
    ) -> Option<Outcome<Communication>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// Messages to customers, sent or not, the latest first unless another order is asked for.
    async fn communications(
        &self,
        ctx: &Context<'_>,
        pages: Pages<Communication>,
    ) -> Option<Outcome<Connection<Communication>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }

    /// What `communicationSend` would do with the same input, and what the message would say. Nothing is sent or kept.
    async fn communication_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What would be sent, and to whom.")] input: CommunicationSendInput,
    ) -> Option<Outcome<CommunicationPreview>> {
        Some(preview(ctx, &input).await)
    }
}

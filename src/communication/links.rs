//! What a communication leads to.

use async_graphql::Context;
use derive::resource;
use entity::communication_attempt;
use sea_orm::sea_query::IntoIden;

use super::{Communication, CommunicationAttempt};
use crate::{
    customer::Customer,
    event::CustomerEvent,
    failure::Outcome,
    graphql::{self, Connection, Pages},
    store::Join,
};

#[resource]
impl Communication {
    /// Whom it is for. `$.Customer.received.Communication`
    #[iri("schema:recipient")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }

    /// What it follows from. Null if somebody sent it. `$.CustomerEvent.caused.Communication`
    #[iri("customers:followsFrom")]
    #[states("events", self.event_id)]
    async fn event(&self, ctx: &Context<'_>) -> Option<Outcome<CustomerEvent>> {
        graphql::follow(ctx, &self.siblings, "event_id", self.event_id).await.transpose()
    }

    /// Each time that it was tried to be handed over, the first first unless another order is asked for.
    /// `$.Communication.tried.by.CommunicationAttempt`
    #[iri("^customers:attemptOf")]
    #[pages]
    async fn attempts(
        &self,
        ctx: &Context<'_>,
        pages: Pages<CommunicationAttempt>,
    ) -> Option<Outcome<Connection<CommunicationAttempt>>> {
        let join = Join::Column(|| communication_attempt::Column::CommunicationId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

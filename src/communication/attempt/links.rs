//! What an attempt leads to.

use async_graphql::Context;
use derive::resource;

use super::CommunicationAttempt;
use crate::{communication::Communication, failure::Outcome, graphql};

#[resource]
impl CommunicationAttempt {
    /// The message. `$.Communication.tried.by.CommunicationAttempt`
    #[iri("customers:attemptOf")]
    #[states("communications", self.communication_id)]
    async fn communication(&self, ctx: &Context<'_>) -> Option<Outcome<Communication>> {
        graphql::follow(ctx, &self.siblings, "communication_id", Some(self.communication_id)).await.transpose()
    }
}

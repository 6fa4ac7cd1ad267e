//! What a communication leads to.

use async_graphql::Context;
use derive::resource;

use super::Communication;
use crate::{customer::Customer, failure::Outcome, graphql};

#[resource]
impl Communication {
    /// Whom it is for. `$.Customer.received.Communication`
    #[iri("schema:recipient")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }
}

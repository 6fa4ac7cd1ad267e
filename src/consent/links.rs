//! What a decision leads to.

use async_graphql::Context;
use derive::resource;

use super::Consent;
use crate::{customer::Customer, failure::Outcome, graphql};

#[resource]
impl Consent {
    /// Who decided. `$.Customer.gave.Consent`
    #[iri("customers:consentOf")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }
}

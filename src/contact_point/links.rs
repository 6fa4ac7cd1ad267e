//! What a contact point leads to.

use async_graphql::Context;
use derive::resource;

use super::ContactPoint;
use crate::{customer::Customer, failure::Outcome, graphql};

#[resource]
impl ContactPoint {
    /// At whom they are to be reached. `$.Customer.has.ContactPoint`
    #[iri("^schema:contactPoint")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }
}

//! What an address leads to.

use async_graphql::Context;
use derive::resource;

use super::Address;
use crate::{customer::Customer, failure::Outcome, graphql};

#[resource]
impl Address {
    /// Whose address it is. `$.Customer.has.Address`
    #[iri("^schema:address")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }
}

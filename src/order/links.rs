//! What an order leads to.

use async_graphql::Context;
use derive::resource;

use super::Order;
use crate::{customer::Customer, failure::Outcome, graphql};

#[resource]
impl Order {
    /// Who placed it. `$.Customer.placed.Order`
    #[iri("schema:customer")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }
}

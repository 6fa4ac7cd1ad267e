//! What a refund leads to.

use async_graphql::Context;
use derive::resource;

use super::Refund;
use crate::{customer::Customer, failure::Outcome, graphql, order::Order};

#[resource]
impl Refund {
    /// Who got the money back. `$.Customer.received.Refund`
    #[iri("customers:refundedTo")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }

    /// The order that was paid back. Null if the refund stands alone. `$.Refund.returns.Order`
    #[iri("customers:refundOf")]
    #[states("orders", self.order_id)]
    async fn order(&self, ctx: &Context<'_>) -> Option<Outcome<Order>> {
        graphql::follow(ctx, &self.siblings, "order_id", self.order_id).await.transpose()
    }
}

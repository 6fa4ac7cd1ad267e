//! What an order leads to.

use async_graphql::Context;
use derive::resource;
use sea_orm::sea_query::IntoIden;

use super::Order;
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{self, Connection, Pages},
    order_item::OrderItem,
    refund::Refund,
    store::Join,
};

#[resource]
impl Order {
    /// Who placed it. `$.Customer.placed.Order`
    #[iri("schema:customer")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }

    /// Its items, by position unless another order is asked for. `$.Order.contains.OrderItem`
    #[iri("schema:orderedItem")]
    #[pages]
    async fn items(&self, ctx: &Context<'_>, pages: Pages<OrderItem>) -> Option<Outcome<Connection<OrderItem>>> {
        let join = Join::Column(|| entity::order_item::Column::OrderId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// What was paid back of it, the latest first unless another order is asked for. `$.Refund.returns.Order`
    #[iri("^customers:refundOf")]
    #[pages]
    async fn refunds(&self, ctx: &Context<'_>, pages: Pages<Refund>) -> Option<Outcome<Connection<Refund>>> {
        let join = Join::Column(|| entity::refund::Column::OrderId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

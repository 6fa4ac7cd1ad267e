//! What an item of an order leads to.

use async_graphql::Context;
use derive::resource;

use super::OrderItem;
use crate::{failure::Outcome, graphql, order::Order, product::Product};

#[resource]
impl OrderItem {
    /// The order it belongs to. `$.Order.contains.OrderItem`
    #[iri("^schema:orderedItem")]
    #[states("orders", self.order_id)]
    async fn order(&self, ctx: &Context<'_>) -> Option<Outcome<Order>> {
        graphql::follow(ctx, &self.siblings, "order_id", Some(self.order_id)).await.transpose()
    }

    /// The product that was ordered. Null if the item names none, or the store no longer sells it.
    /// `$.OrderItem.names.Product`
    #[iri("schema:orderedItem")]
    #[states("products", self.product_id)]
    async fn product(&self, ctx: &Context<'_>) -> Option<Outcome<Product>> {
        graphql::follow(ctx, &self.siblings, "product_id", self.product_id).await.transpose()
    }
}

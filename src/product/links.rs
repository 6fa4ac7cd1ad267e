//! What a product leads to.

use async_graphql::Context;
use derive::resource;
use sea_orm::sea_query::IntoIden;

use super::Product;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
    order_item::OrderItem,
    store::Join,
};

#[resource]
impl Product {
    /// The items by which it was ordered, those of cancelled orders included, by their position in their order unless
    /// another order is asked for. `$.OrderItem.names.Product`
    #[iri("^schema:orderedItem")]
    #[pages]
    async fn order_items(&self, ctx: &Context<'_>, pages: Pages<OrderItem>) -> Option<Outcome<Connection<OrderItem>>> {
        let join = Join::Column(|| entity::order_item::Column::ProductId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

//! Orders at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::Order;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about orders.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderQuery;

#[connections]
#[Object]
impl OrderQuery {
    /// The order with this id. Null if there is none.
    async fn order(&self, ctx: &Context<'_>, #[graphql(desc = "The order's IRI.")] id: ID) -> Option<Outcome<Order>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// Orders, the latest first unless another order is asked for.
    async fn orders(&self, ctx: &Context<'_>, pages: Pages<Order>) -> Option<Outcome<Connection<Order>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

//! Products at the root of queries.

use async_graphql::{Context, ID, Object};
use derive::connections;

use super::Product;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about products.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductQuery;

#[connections]
#[Object]
impl ProductQuery {
    /// The product with this id. Null if there is none, or the store no longer sells it.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's IRI.")] id: ID,
    ) -> Option<Outcome<Product>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// Products that the store sells, by name unless another order is asked for.
    async fn products(&self, ctx: &Context<'_>, pages: Pages<Product>) -> Option<Outcome<Connection<Product>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

//! Products at the root of mutations.

use async_graphql::{Context, Object};

use super::{
    Product,
    input::{ProductCreateInput, ProductDeleteInput, ProductUpdateInput},
    operations,
};
use crate::{
    failure::Outcome,
    graphql::{key_of, payload},
    reactions::transact,
};

payload! {
    /// The product that was written, or why it was not.
    ProductPayload {
        /// The product as it is now. Null when it was not written.
        product: Product
    }
}

payload! {
    /// The product that was withdrawn, or why it was not.
    ProductDeletePayload deletes Product
}

/// The mutations of products.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProductMutation;

#[Object]
impl ProductMutation {
    /// Enters a product that the store sells.
    async fn product_create(&self, ctx: &Context<'_>, input: ProductCreateInput) -> Option<Outcome<ProductPayload>> {
        transact(ctx, &input, |tx, input| async move { operations::create(&tx, input).await }).await
    }

    /// Edits a product. What is not said stays as it is; an edit that changes nothing leaves its version alone.
    async fn product_update(&self, ctx: &Context<'_>, input: ProductUpdateInput) -> Option<Outcome<ProductPayload>> {
        transact(ctx, &input, |tx, input| async move {
            operations::update(&tx, key_of::<Product>(ctx, "input.id", &input.id)?, input).await
        })
        .await
    }

    /// Withdraws a product: it cannot be ordered any more, and is not listed. Orders that name it keep their items.
    async fn product_delete(
        &self,
        ctx: &Context<'_>,
        input: ProductDeleteInput,
    ) -> Option<Outcome<ProductDeletePayload>> {
        transact(ctx, &input, |tx, input| async move {
            let product = key_of::<Product>(ctx, "input.id", &input.id)?;
            operations::withdraw(&tx, product, input.expected_version).await
        })
        .await
    }
}

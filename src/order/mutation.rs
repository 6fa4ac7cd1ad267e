//! Orders at the root of mutations.

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::{
    Order,
    input::{OrderCancelInput, OrderCreateInput, OrderDeliverInput, OrderShipInput},
    operations::{self, Step},
    placement,
};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{key_of, payload},
    instant::Instant,
    product::Product,
    reactions::transact,
};

payload! {
    /// The order that was written, or why it was not.
    OrderPayload {
        /// The order as it is now. Null when it was not written.
        order: Order
    }
}

/// The mutations of orders.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Places an order. Its prices, names and address are frozen: what becomes of products and addresses later does not
    /// change it. The total is the items less their discounts, less the order's discount, plus shipping and tax,
    /// rounded once, as a whole.
    async fn order_create(&self, ctx: &Context<'_>, input: OrderCreateInput) -> Option<Outcome<OrderPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.customer", &input.customer)?;
            placement::create(&tx, customer, &products(ctx, input)?, input).await
        })
        .await
    }

    /// Marks an order as sent. One that was sent already stays as it is; a cancelled one, or one that was delivered
    /// without having been sent, cannot be.
    async fn order_ship(&self, ctx: &Context<'_>, input: OrderShipInput) -> Option<Outcome<OrderPayload>> {
        transact(ctx, &input, |tx, input| async move {
            operations::ship(&tx, &step(ctx, &input.id, input.shipped_at, input.expected_version)?).await
        })
        .await
    }

    /// Marks an order as delivered, so that it counts as a purchase. One that is delivered already stays as it is; a
    /// cancelled one cannot be.
    async fn order_deliver(&self, ctx: &Context<'_>, input: OrderDeliverInput) -> Option<Outcome<OrderPayload>> {
        transact(ctx, &input, |tx, input| async move {
            operations::deliver(&tx, &step(ctx, &input.id, input.delivered_at, input.expected_version)?).await
        })
        .await
    }

    /// Calls an order off, so that it counts in no figure. One that is cancelled already stays as it is; a delivered
    /// one is refunded instead.
    async fn order_cancel(&self, ctx: &Context<'_>, input: OrderCancelInput) -> Option<Outcome<OrderPayload>> {
        transact(ctx, &input, |tx, input| async move {
            operations::cancel(&tx, &step(ctx, &input.id, input.cancelled_at, input.expected_version)?).await
        })
        .await
    }
}

fn step(ctx: &Context<'_>, id: &ID, at: Option<Instant>, expected_version: Option<i32>) -> Outcome<Step> {
    Ok(Step { order: key_of::<Order>(ctx, "input.id", id)?, at, expected_version })
}

/// The products that the items name, one for each item.
fn products(ctx: &Context<'_>, input: &OrderCreateInput) -> Outcome<Vec<Option<Uuid>>> {
    let products = input.items.iter().enumerate().map(|(index, item)| {
        let path = format!("input.items.{index}.product");
        item.product.as_ref().map(|product| key_of::<Product>(ctx, &path, product)).transpose()
    });
    products.collect()
}

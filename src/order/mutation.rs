//! Orders at the root of mutations.

use async_graphql::{Context, Object};

use super::{
    Order,
    input::OrderDeliverInput,
    operations::{self, Step},
};
use crate::{
    failure::Outcome,
    graphql::{key_of, payload},
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
    /// Marks an order as delivered, so that it counts as a purchase. One that is delivered already stays as it is.
    async fn order_deliver(&self, ctx: &Context<'_>, input: OrderDeliverInput) -> Option<Outcome<OrderPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let step = Step {
                order: key_of::<Order>(ctx, "input.id", &input.id)?,
                at: input.delivered_at.map(|at| at.0),
                expected_version: input.expected_version,
            };
            operations::deliver(&tx, &step).await
        })
        .await
    }
}

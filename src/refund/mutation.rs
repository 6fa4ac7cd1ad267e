//! Refunds at the root of mutations.

use async_graphql::{Context, Object};

use super::{
    Refund,
    input::RefundCreateInput,
    operations::{self, Of},
};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{key_of, payload},
    order::Order,
    reactions::transact,
    rejection::{Attempt, Rejection, RejectionCode},
};

payload! {
    /// The refund that was written, or why it was not.
    RefundPayload {
        /// The refund. Null when it was not written.
        refund: Refund
    }
}

/// The mutations of refunds.
#[derive(Clone, Copy, Debug, Default)]
pub struct RefundMutation;

#[Object]
impl RefundMutation {
    /// Returns money: of a delivered order, in full or in part, or to a customer for no single order. It lowers what
    /// the customer has spent, and may lower their tiers; orders and dates stay as they are. The refunds of an order
    /// never exceed its total.
    async fn refund_create(&self, ctx: &Context<'_>, input: RefundCreateInput) -> Option<Outcome<RefundPayload>> {
        transact(ctx, &input, |tx, input| async move { operations::create(&tx, of(ctx, input)?, input).await }).await
    }
}

fn of(ctx: &Context<'_>, input: &RefundCreateInput) -> Attempt<Of> {
    match (&input.order, &input.customer) {
        (Some(order), None) => Ok(Of::Order(key_of::<Order>(ctx, "input.order", order)?)),
        (None, Some(customer)) => Ok(Of::Customer(key_of::<Customer>(ctx, "input.customer", customer)?)),
        (None, None) => {
            let message = "order: expected an order, or a customer";
            Err(Rejection::new(RejectionCode::Required, "input.order", message).into())
        }
        (Some(_), Some(_)) => {
            let message = "customer: expected none beside an order, which says whose it is";
            Err(Rejection::new(RejectionCode::Invalid, "input.customer", message).into())
        }
    }
}

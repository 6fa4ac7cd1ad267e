//! What clients send about refunds.

use async_graphql::{ID, InputObject};

use crate::{graphql::Decimal, instant::Instant};

/// What `refundCreate` takes: an order, or a customer whose refund stands alone; one of them.
#[derive(Clone, Debug, InputObject)]
pub struct RefundCreateInput {
    /// The order that money is returned for, which is delivered.
    pub order: Option<ID>,
    /// The customer to whom money is returned for no single order.
    pub customer: Option<ID>,
    /// What is returned, more than 0. Of an order, in its currency: at most what is left of its total, and all of that
    /// if not said. On its own, in the store's currency, and needed.
    pub amount: Option<Decimal>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Key of the refund in another system, which no two refunds share.
    pub external_id: Option<String>,
    /// When the money was returned: now if not said, not in the future, and not before the order was delivered.
    pub refunded_at: Option<Instant>,
}

//! What clients send about orders.

use async_graphql::{ID, InputObject};

use crate::instant::Instant;

/// What `orderDeliver` takes.
#[derive(Clone, Debug, InputObject)]
pub struct OrderDeliverInput {
    /// The order.
    pub id: ID,
    /// When it arrived: now if not said, and not in the future.
    pub delivered_at: Option<Instant>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

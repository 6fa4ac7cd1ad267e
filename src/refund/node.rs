//! The refund as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::{
    instant::Instant,
    money::{Currency, Money},
};

/// Money returned to a customer at one time, in full or in part, for an order or on its own.
#[resource(class = "customers:Refund", collection = "refunds", table = entity::refund)]
pub struct Refund {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    #[foreign]
    order_id: Option<Uuid>,
    /// Key of the refund in another system. Null if there is none.
    #[iri("schema:identifier")]
    external_id: Option<String>,
    /// Currency of the amount: a code of ISO 4217.
    #[iri("customers:currency")]
    #[currency]
    currency: Currency,
    /// What was returned, in major units of `currency`: more than zero. The customer's spending is less by it.
    #[iri("customers:amount")]
    amount: Money,
    /// Why, in words. Null if not said.
    #[iri("customers:refundReason")]
    reason: Option<String>,
    /// When the money was returned, which is when it counts in figures.
    #[iri("customers:refundedAt")]
    refunded_at: Instant,
    /// When the refund was entered here.
    #[iri("customers:createdAt")]
    created_at: Instant,
}

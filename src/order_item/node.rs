//! The item of an order as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::money::{Currency, UnitPrice};

/// One line of an order, as it stood when the order was placed.
#[resource(
    class = "schema:OrderItem",
    class_of = "schema:OrderItem",
    collection = "order-items",
    table = entity::order_item
)]
pub struct OrderItem {
    #[key]
    key: Uuid,
    #[foreign]
    order_id: Uuid,
    #[foreign]
    product_id: Option<Uuid>,
    /// Place among the items of the order, from 1.
    #[iri("customers:position")]
    position: i32,
    /// Name of what was ordered, whatever the product is called since.
    #[iri("schema:name")]
    name: String,
    /// How many were ordered, at least 1.
    #[iri("schema:orderQuantity")]
    quantity: i32,
    /// Currency of the amounts, which is the order's: a code of ISO 4217.
    #[iri("customers:currency")]
    #[currency]
    currency: Currency,
    /// Price of one, in major units of `currency`, with up to four places more than it.
    #[iri("customers:unitPrice")]
    unit_price: UnitPrice,
    /// Discount on the whole line, in major units of `currency`, with up to four places more than it.
    #[iri("customers:lineDiscount")]
    discount: UnitPrice,
}

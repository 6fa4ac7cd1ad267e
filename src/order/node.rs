//! The order as every face shows it.

use derive::{resource, thing};
use entity::order::OrderStatus;
use uuid::Uuid;

use crate::{
    instant::Instant,
    money::{Currency, Money},
};

/// What a customer asked the store to deliver. Its amounts are frozen when it is placed.
#[resource(
    class = "customers:Order",
    class_of = "schema:Order",
    collection = "orders",
    table = entity::order
)]
pub struct Order {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    /// Key of the order in another system. Null if there is none.
    #[iri("schema:orderNumber")]
    external_id: Option<String>,
    /// How far the order has come.
    #[iri("schema:orderStatus")]
    status: OrderStatus,
    /// When the order was placed.
    #[iri("schema:orderDate")]
    order_date: Instant,
    /// When the customer wishes to have it. Null if not said.
    #[iri("customers:requiredDate")]
    required_date: Option<Instant>,
    /// When it left. Null before.
    #[iri("customers:shippedAt")]
    shipped_at: Option<Instant>,
    /// When it arrived, which makes it a purchase. Null before.
    #[iri("customers:deliveredAt")]
    delivered_at: Option<Instant>,
    /// When it was called off. Null unless it was.
    #[iri("customers:cancelledAt")]
    cancelled_at: Option<Instant>,
    /// Currency of the amounts: a code of ISO 4217.
    #[iri("customers:currency")]
    #[currency]
    currency: Currency,
    /// Sum of the items less their discounts.
    #[iri("customers:subtotal")]
    subtotal: Money,
    /// Discount on the order as a whole.
    #[iri("schema:discount")]
    discount: Money,
    /// What the customer pays for carriage.
    #[iri("customers:shipping")]
    shipping: Money,
    /// Tax on top of the prices.
    #[iri("customers:tax")]
    tax: Money,
    /// Items less discounts, plus shipping and tax, rounded once: what delivery adds to the customer's spending.
    #[iri("customers:total")]
    total: Money,
    /// Cost of carriage that is kept outside the total. Null if not known.
    #[iri("customers:freight")]
    freight: Option<Money>,
    /// Where it goes, as it stood when the order was placed. Null if not said.
    #[iri("customers:shippingAddress")]
    #[personal]
    shipping_address: Option<PostalAddress>,
    /// Counts edits by clients, from 1.
    #[iri("customers:version")]
    version: i32,
    /// When the order was entered here.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When it last changed.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

/// An address as an order keeps it, whatever becomes of the customer's own.
#[thing("schema:PostalAddress", column = entity::order::PostalAddress)]
pub struct PostalAddress {
    /// Addressee. Null if it is the customer.
    #[iri("schema:name")]
    name: Option<String>,
    /// Street and number, as written. Null if not known.
    #[iri("schema:streetAddress")]
    street_address: Option<String>,
    /// Town. Null if not known.
    #[iri("schema:addressLocality")]
    address_locality: Option<String>,
    /// State, province or county, as written. Null if there is none.
    #[iri("schema:addressRegion")]
    address_region: Option<String>,
    /// Postal code as written. Null if there is none.
    #[iri("schema:postalCode")]
    postal_code: Option<String>,
    /// Country by its ISO 3166-1 code of two letters, or as written where it is no such country. Null if not known.
    #[iri("schema:addressCountry")]
    address_country: Option<String>,
}

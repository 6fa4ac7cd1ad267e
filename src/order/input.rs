//! What clients send about orders.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::{graphql::Decimal, instant::Instant};

/// What `orderCreate` takes. Amounts are in major units of the order's currency, 0 or more, and no finer than its
/// smallest coin.
#[derive(Clone, Debug, InputObject)]
pub struct OrderCreateInput {
    /// Who orders.
    pub customer: ID,
    /// What is ordered: 1 to 250 items, in the order in which they are shown.
    pub items: Vec<OrderItemInput>,
    /// Key of the order in another system, which no two orders share.
    pub external_id: Option<String>,
    /// Currency of all amounts, by its code of ISO 4217: the store's if not said.
    pub currency: Option<String>,
    /// How much of the store's currency one unit of the order's currency is worth, more than 0: by it the order counts
    /// in the customer's figures. Needed when the currencies differ, and only then.
    pub exchange_rate: Option<Decimal>,
    /// Discount on the order as a whole, at most what the items come to: 0 if not said.
    pub discount: Option<Decimal>,
    /// What the customer pays for carriage: 0 if not said.
    pub shipping: Option<Decimal>,
    /// Tax on top of the prices: 0 if not said.
    pub tax: Option<Decimal>,
    /// Cost of carriage that is kept outside the total.
    pub freight: Option<Decimal>,
    /// When the order was placed: now if not said, and not in the future.
    pub order_date: Option<Instant>,
    /// When the customer wishes to have it: on the day of the order or later.
    pub required_date: Option<Instant>,
    /// Where it goes. The customer's default shipping address, as it is now, if not said; null for none.
    pub shipping_address: MaybeUndefined<ShippingAddressInput>,
}

/// One line of an order. It names a product, or says what is ordered, or both.
#[derive(Clone, Debug, InputObject)]
pub struct OrderItemInput {
    /// The product, which the store still sells.
    pub product: Option<ID>,
    /// Name of what is ordered: the product's if not said.
    pub name: Option<String>,
    /// How many, at least 1.
    #[graphql(default = 1)]
    pub quantity: i32,
    /// Price of one, with up to four places more than the currency: the product's list price if not said, where it is
    /// in the order's currency.
    pub unit_price: Option<Decimal>,
    /// Discount on the whole line, at most what it comes to, with up to four places more than the currency: 0 if not
    /// said.
    pub discount: Option<Decimal>,
}

/// An address that an order is sent to. At least one part of it is given.
#[derive(Clone, Debug, InputObject)]
pub struct ShippingAddressInput {
    /// Addressee, if it is not the customer.
    pub name: Option<String>,
    /// Street and number.
    pub street_address: Option<String>,
    /// Town.
    pub address_locality: Option<String>,
    /// State, province or county.
    pub address_region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country by its ISO 3166-1 code or its name, such as `DE`.
    pub address_country: Option<String>,
}

/// What `orderShip` takes.
#[derive(Clone, Debug, InputObject)]
pub struct OrderShipInput {
    /// The order.
    pub id: ID,
    /// When it left: now if not said, not in the future, and not before it was placed.
    pub shipped_at: Option<Instant>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing. Where the step was taken
    /// already, neither this nor the instant is looked at.
    pub expected_version: Option<i32>,
}

/// What `orderDeliver` takes.
#[derive(Clone, Debug, InputObject)]
pub struct OrderDeliverInput {
    /// The order.
    pub id: ID,
    /// When it arrived: now if not said, not in the future, and not before it left or was placed.
    pub delivered_at: Option<Instant>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing. Where the step was taken
    /// already, neither this nor the instant is looked at.
    pub expected_version: Option<i32>,
}

/// What `orderCancel` takes.
#[derive(Clone, Debug, InputObject)]
pub struct OrderCancelInput {
    /// The order.
    pub id: ID,
    /// When it was called off: now if not said, not in the future, and not before it left or was placed.
    pub cancelled_at: Option<Instant>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing. Where the step was taken
    /// already, neither this nor the instant is looked at.
    pub expected_version: Option<i32>,
}

//! Orders, with their amounts as frozen at placement. The table is called `orders`, since `order` is a word
//! of SQL.

use derive::terms;
use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// What a customer ordered at one time. Amounts are minor units of `currency` and not negative.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who ordered.
    pub customer_id: Uuid,
    /// Key in another system, unique; null if there is none.
    pub external_id: Option<String>,
    /// How far the order has come.
    pub status: OrderStatus,
    /// When it was placed.
    pub order_date: ChronoUnixTimestampMillis,
    /// When the customer needs it by; null if not stated.
    pub required_date: Option<ChronoUnixTimestampMillis>,
    /// When it left; null before, and where not recorded.
    pub shipped_at: Option<ChronoUnixTimestampMillis>,
    /// When it arrived, and became revenue; null unless delivered.
    pub delivered_at: Option<ChronoUnixTimestampMillis>,
    /// When it was called off; null unless cancelled.
    pub cancelled_at: Option<ChronoUnixTimestampMillis>,
    /// ISO 4217 code of its amounts.
    pub currency: String,
    /// Minor units of the store's currency for 1,000,000 minor units of `currency`; null if they are the
    /// same.
    pub exchange_rate: Option<i64>,
    /// Sum of the items less their line discounts, rounded.
    pub subtotal: i64,
    /// Discount on the order as a whole.
    pub discount: i64,
    /// What the customer pays for shipping.
    pub shipping: i64,
    /// Tax added.
    pub tax: i64,
    /// What the customer pays: items less discount plus shipping and tax, rounded once, as a whole.
    pub total: i64,
    /// Cost of carriage kept outside the total; null if not recorded.
    pub freight: Option<i64>,
    /// Where it goes, as it stood at placement; null if not recorded.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub shipping_address: Option<PostalAddress>,
    /// Counts edits by clients from 1.
    pub version: i32,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// When it last changed.
    pub updated_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Columns that the database computes for lists to be sorted by, never null. They are not part of a row.
#[derive(Copy, Clone, Debug, DeriveIden)]
pub enum SortKey {
    /// `delivered_at`, or `INSTANT_BEFORE_ALL`.
    #[sea_orm(iden = "delivered_at_sort")]
    DeliveredAt,
}

/// How far an order has come. The states are those of schema.org's `OrderStatus` that a store's orders pass
/// through.
#[terms("schema:OrderStatus", column)]
pub enum OrderStatus {
    /// The order is placed and has not left yet.
    #[iri("schema:OrderProcessing")]
    Processing,
    /// The order has left and has not arrived yet.
    #[iri("schema:OrderInTransit")]
    InTransit,
    /// The order has arrived. It is revenue from now on, and can be refunded but not cancelled.
    #[iri("schema:OrderDelivered")]
    Delivered,
    /// The order was called off before it arrived. It counts in no figure.
    #[iri("schema:OrderCancelled")]
    Cancelled,
}

/// An address as an order keeps it, whatever becomes of the customer's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct PostalAddress {
    /// Addressee; null if it is the customer.
    pub name: Option<String>,
    /// Street and number; null if not known.
    pub street_address: Option<String>,
    /// Town; null if not known.
    pub address_locality: Option<String>,
    /// State, province or county; null if not known.
    pub address_region: Option<String>,
    /// Postal code as written; null if not known.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 code, or the text as written where the country is not recognised; null if not
    /// known.
    pub address_country: Option<String>,
}

impl Model {
    /// An order of `total`, in minor units of `currency`, placed at `placed` and nothing more: no discount, nothing
    /// sent, nothing known of where it goes. `made` is when the row is made.
    #[must_use]
    pub fn new(
        id: Uuid,
        customer_id: Uuid,
        currency: String,
        total: i64,
        placed: ChronoUnixTimestampMillis,
        made: ChronoUnixTimestampMillis,
    ) -> Self {
        Self {
            id,
            customer_id,
            external_id: None,
            status: OrderStatus::Processing,
            order_date: placed,
            required_date: None,
            shipped_at: None,
            delivered_at: None,
            cancelled_at: None,
            currency,
            exchange_rate: None,
            subtotal: total,
            discount: 0,
            shipping: 0,
            tax: 0,
            total,
            freight: None,
            shipping_address: None,
            version: 1,
            created_at: made,
            updated_at: made,
        }
    }

    /// The same, delivered at `delivered`.
    #[must_use]
    pub fn delivered(self, delivered: ChronoUnixTimestampMillis) -> Self {
        Self { status: OrderStatus::Delivered, delivered_at: Some(delivered), ..self }
    }
}

//! The product as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::{
    instant::Instant,
    money::{Currency, UnitPrice},
};

/// A good or a service that the store sells.
#[resource(
    class = "schema:Product",
    class_of = "schema:Product",
    collection = "products",
    table = entity::product,
    deleted_at = DeletedAt
)]
pub struct Product {
    #[key]
    key: Uuid,
    /// Name, as the store shows it.
    #[iri("schema:name")]
    name: String,
    /// What it is, in words. Null if not described.
    #[iri("schema:description")]
    description: Option<String>,
    /// Stock-keeping unit: the store's own code, which no two products share. Null if there is none.
    #[iri("schema:sku")]
    sku: Option<String>,
    /// Key of the product in another system. Null if there is none.
    #[iri("schema:productID")]
    external_id: Option<String>,
    /// Currency of the list price: a code of ISO 4217. Null without a price.
    #[iri("customers:currency")]
    #[currency]
    currency: Option<Currency>,
    /// List price of one, in major units of `currency`, with up to four places more than it. Orders keep the price they
    /// were placed at. Null if there is none.
    #[iri("customers:unitPrice")]
    unit_price: Option<UnitPrice>,
    /// Counts edits by clients, from 1.
    #[iri("customers:version")]
    version: i32,
    /// When the product was entered.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited it.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

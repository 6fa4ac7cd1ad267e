//! What clients send about products.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::graphql::Decimal;

/// What `productCreate` takes.
#[derive(Clone, Debug, InputObject)]
pub struct ProductCreateInput {
    /// Name, as the store shows it.
    pub name: String,
    /// What it is, in words: at most 10,000 characters.
    pub description: Option<String>,
    /// Stock-keeping unit, which no two products share, withdrawn ones included.
    pub sku: Option<String>,
    /// Key of the product in another system, which no two products share, withdrawn ones included.
    pub external_id: Option<String>,
    /// List price of one in major units of `currency`, 0 or more, with up to four places more than it.
    pub unit_price: Option<Decimal>,
    /// Currency of the price, by its code of ISO 4217: the store's if not said. Only together with a price.
    pub currency: Option<String>,
}

/// What `productUpdate` takes. What is not said stays as it is; null clears what may be absent.
#[derive(Clone, Debug, InputObject)]
pub struct ProductUpdateInput {
    /// The product.
    pub id: ID,
    /// Name, as the store shows it. Not null.
    pub name: MaybeUndefined<String>,
    /// What it is, in words: at most 10,000 characters.
    pub description: MaybeUndefined<String>,
    /// Stock-keeping unit, which no two products share, withdrawn ones included.
    pub sku: MaybeUndefined<String>,
    /// Key of the product in another system, which no two products share, withdrawn ones included.
    pub external_id: MaybeUndefined<String>,
    /// List price of one in major units of `currency`, 0 or more, with up to four places more than it. Null takes the
    /// price away, and the currency with it. Orders keep the price that they were placed at.
    pub unit_price: MaybeUndefined<Decimal>,
    /// Currency of the price, by its code of ISO 4217: the one before, or the store's, if not said. Only together with
    /// a price.
    pub currency: Option<String>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

/// What `productDelete` takes.
#[derive(Clone, Debug, InputObject)]
pub struct ProductDeleteInput {
    /// The product.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

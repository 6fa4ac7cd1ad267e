//! The address as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::instant::Instant;

/// A postal address of a customer.
#[resource(
    class = "customers:Address",
    class_of = "schema:PostalAddress",
    collection = "addresses",
    table = entity::address
)]
pub struct Address {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    /// Addressee. Null if it is the customer.
    #[iri("schema:name")]
    #[personal]
    name: Option<String>,
    /// Street and number, as written. Null if not known.
    #[iri("schema:streetAddress")]
    #[personal]
    street_address: Option<String>,
    /// Town. Null if not known.
    #[iri("schema:addressLocality")]
    address_locality: Option<String>,
    /// State, province or county, as written. Null if there is none.
    #[iri("schema:addressRegion")]
    address_region: Option<String>,
    /// Postal code as written. Null if there is none.
    #[iri("schema:postalCode")]
    #[personal]
    postal_code: Option<String>,
    /// Country by its ISO 3166-1 code of two letters, or as written where it is no such country. Null if not known.
    #[iri("schema:addressCountry")]
    address_country: Option<String>,
    /// Whether invoices go here unless an order says otherwise.
    #[iri("customers:isDefaultBilling")]
    is_default_billing: bool,
    /// Whether orders go here unless they say otherwise.
    #[iri("customers:isDefaultShipping")]
    is_default_shipping: bool,
    /// Counts edits by clients, from 1.
    #[iri("customers:version")]
    version: i32,
    /// When the address was entered.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited it.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

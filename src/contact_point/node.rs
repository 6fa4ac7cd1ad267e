//! The contact point as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::instant::Instant;

/// A person or a desk to turn to at a customer, most often an organization.
#[resource(
    class = "schema:ContactPoint",
    class_of = "schema:ContactPoint",
    collection = "contacts",
    table = entity::contact_point
)]
pub struct ContactPoint {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    /// Name of the person or the desk. Null if not known.
    #[iri("schema:name")]
    #[personal]
    name: Option<String>,
    /// What to turn to them for, such as a job title or `billing`. Null if not said.
    #[iri("schema:contactType")]
    contact_type: Option<String>,
    /// E-mail address as written. Null if there is none.
    #[iri("schema:email")]
    #[personal]
    email: Option<String>,
    /// Telephone number as written. Null if there is none.
    #[iri("schema:telephone")]
    #[personal]
    telephone: Option<String>,
    /// `telephone` by E.164, such as `+49302312550`, without an extension. Null unless it is a valid number; one that
    /// does not begin with `+` is read as dialled in the country of the customer's `address`, and again when that
    /// changes.
    #[iri("customers:telephoneE164")]
    #[personal]
    telephone_e164: Option<String>,
    /// Fax number as written. Null if there is none.
    #[iri("schema:faxNumber")]
    #[personal]
    fax_number: Option<String>,
    /// Counts edits by clients, from 1.
    #[iri("customers:version")]
    version: i32,
    /// When the contact point was entered.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited it.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

//! What clients send about addresses.

use async_graphql::{ID, InputObject, MaybeUndefined};

/// What a client says of an address. In a new one null is the same as nothing; in one that is there, what is absent
/// stays, and null takes away.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AddressFacts {
    /// Addressee, if it is not the customer: at most 200 characters.
    pub name: MaybeUndefined<String>,
    /// Street and number, kept as written: at most 500 characters.
    pub street_address: MaybeUndefined<String>,
    /// Town: at most 200 characters.
    pub address_locality: MaybeUndefined<String>,
    /// State, province or county, kept as written: at most 200 characters.
    pub address_region: MaybeUndefined<String>,
    /// Postal code, kept as written: at most 50 characters.
    pub postal_code: MaybeUndefined<String>,
    /// Country by its ISO 3166-1 code of two or three letters, or by a name in English; kept as the code of two
    /// letters.
    pub address_country: MaybeUndefined<String>,
    /// Whether invoices go here unless an order says otherwise. The first address of a customer is the default whatever
    /// is said. What becomes the default takes that from the former; what is no longer to be it gives it to the oldest
    /// other, and is refused where there is none. Cannot be null in an address that is there.
    pub is_default_billing: MaybeUndefined<bool>,
    /// Whether orders go here unless they say otherwise: as `isDefaultBilling`.
    pub is_default_shipping: MaybeUndefined<bool>,
}

/// What `addressAdd` takes: besides the addressee, at least one part of the address.
#[derive(Clone, Debug, InputObject)]
pub struct AddressAddInput {
    /// Whose address it is.
    pub customer: ID,
    /// The facts.
    #[graphql(flatten)]
    pub facts: AddressFacts,
}

/// What `addressUpdate` takes: what is absent stays as it is, null takes away. At least one part besides the addressee
/// must be left.
#[derive(Clone, Debug, InputObject)]
pub struct AddressUpdateInput {
    /// The address.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
    /// The facts.
    #[graphql(flatten)]
    pub facts: AddressFacts,
}

/// What `addressRemove` takes.
#[derive(Clone, Debug, InputObject)]
pub struct AddressRemoveInput {
    /// The address.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

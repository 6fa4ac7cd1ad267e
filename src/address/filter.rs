//! What addresses can be filtered and sorted by.

use derive::filter;
use entity::address::{self, Column};

use super::Address;
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{BooleanComparison, DateTimeComparison, StringComparison, TextComparison, relation},
        order_by,
    },
};

/// Which addresses. All conditions given must hold.
#[filter(table = entity::address)]
pub struct AddressWhere {
    /// Town.
    #[column(LocalityKey)]
    address_locality: TextComparison,
    /// State, province or county.
    #[column(AddressRegion)]
    address_region: StringComparison,
    /// Postal code.
    #[column(PostalCode)]
    #[personal]
    postal_code: StringComparison,
    /// Country: a code of two letters, or as written where it is no country.
    #[column(AddressCountry)]
    address_country: StringComparison,
    /// Whether invoices go here.
    #[column(IsDefaultBilling)]
    is_default_billing: BooleanComparison,
    /// Whether orders go here.
    #[column(IsDefaultShipping)]
    is_default_shipping: BooleanComparison,
    /// When it was entered.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// Whose it is.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
}

relation! {
    /// Conditions on related addresses. All given must hold.
    AddressRelation, AddressCountComparison, AddressWhere
}

order_by! {
    /// What addresses are sorted by.
    AddressOrderBy,
    /// The fields that addresses can be sorted by.
    AddressOrderField {
        /// When it was entered.
        CreatedAt: Integer address::Entity, Column::CreatedAt;
    }
    default CreatedAt Asc
}

impl Listed for Address {
    type Where = AddressWhere;
    type OrderBy = AddressOrderBy;
}

//! What contact points can be filtered and sorted by.

use derive::filter;
use entity::contact_point::{self, Column};

use super::ContactPoint;
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, StringComparison, relation},
        order_by,
    },
};

/// Which contact points. All conditions given must hold.
#[filter(table = entity::contact_point)]
pub struct ContactPointWhere {
    /// Name of the person or the desk, letter by letter.
    #[column(Name)]
    #[personal]
    name: StringComparison,
    /// What to turn to them for.
    #[column(ContactType)]
    contact_type: StringComparison,
    /// E-mail address as written.
    #[column(Email)]
    #[personal]
    email: StringComparison,
    /// Telephone number as written.
    #[column(Telephone)]
    #[personal]
    telephone: StringComparison,
    /// Telephone number by E.164.
    #[column(TelephoneE164)]
    #[personal]
    telephone_e164: StringComparison,
    /// When it was entered.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// At whom they are to be reached.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
}

relation! {
    /// Conditions on related contact points. All given must hold.
    ContactPointRelation, ContactPointCountComparison, ContactPointWhere
}

order_by! {
    /// What contact points are sorted by.
    ContactPointOrderBy,
    /// The fields that contact points can be sorted by.
    ContactPointOrderField {
        /// When it was entered.
        CreatedAt: Integer contact_point::Entity, Column::CreatedAt;
    }
    default CreatedAt Asc
}

impl Listed for ContactPoint {
    type Where = ContactPointWhere;
    type OrderBy = ContactPointOrderBy;
}

//! What refunds can be filtered and sorted by.

use derive::filter;
use entity::refund::{self, Column};

use super::Refund;
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, DecimalComparison, StringComparison, relation},
        order_by,
    },
    order::OrderWhere,
};

/// Which refunds. All conditions given must hold.
#[filter(table = entity::refund)]
pub struct RefundWhere {
    /// Key in another system.
    #[column(ExternalId)]
    external_id: StringComparison,
    /// What was returned.
    #[column(Amount)]
    amount: DecimalComparison,
    /// Why, letter by letter.
    #[column(Reason)]
    reason: StringComparison,
    /// When the money was returned.
    #[column(RefundedAt)]
    refunded_at: DateTimeComparison,
    /// When it was entered.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// Who got the money back.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
    /// The order that was paid back. It does not hold where the refund stands alone.
    #[edge(to = OrderId)]
    order: Box<OrderWhere>,
}

relation! {
    /// Conditions on related refunds. All given must hold.
    RefundRelation, RefundCountComparison, RefundWhere
}

order_by! {
    /// What refunds are sorted by.
    RefundOrderBy,
    /// The fields that refunds can be sorted by.
    RefundOrderField {
        /// When the money was returned.
        RefundedAt: Integer refund::Entity, Column::RefundedAt;
    }
    default RefundedAt Desc
}

impl Listed for Refund {
    type Where = RefundWhere;
    type OrderBy = RefundOrderBy;
}

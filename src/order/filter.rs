//! What orders can be filtered and sorted by.

use derive::filter;
use entity::order::{self, Column, OrderStatus, SortKey};

use super::Order;
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, DecimalComparison, StringComparison, relation, term_comparison},
        order_by,
    },
    order_item::OrderItemRelation,
    refund::RefundRelation,
};

term_comparison! {
    /// Tests of the status of an order. All given must pass.
    OrderStatusComparison, OrderStatus
}

/// Which orders. All conditions given must hold.
#[filter(table = entity::order, node = Order)]
pub struct OrderWhere {
    /// Key in another system.
    #[column(ExternalId)]
    external_id: StringComparison,
    /// How far it has come.
    #[column(Status)]
    status: OrderStatusComparison,
    /// When it was placed.
    #[column(OrderDate)]
    order_date: DateTimeComparison,
    /// When the customer wishes to have it.
    #[column(RequiredDate)]
    required_date: DateTimeComparison,
    /// When it left.
    #[column(ShippedAt)]
    shipped_at: DateTimeComparison,
    /// When it arrived.
    #[column(DeliveredAt)]
    delivered_at: DateTimeComparison,
    /// When it was called off.
    #[column(CancelledAt)]
    cancelled_at: DateTimeComparison,
    /// Currency of the amounts: a code of ISO 4217.
    #[column(Currency)]
    currency: StringComparison,
    /// Total, in the order's own currency.
    #[column(Total)]
    total: DecimalComparison,
    /// Discount on the order as a whole, in the order's own currency.
    #[column(Discount)]
    discount: DecimalComparison,
    /// When it was entered.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// Who placed it.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
    /// Its items.
    #[edge(column = entity::order_item::Column::OrderId)]
    items: OrderItemRelation,
    /// What was paid back of it.
    #[edge(column = entity::refund::Column::OrderId)]
    refunds: RefundRelation,
}

relation! {
    /// Conditions on related orders. All given must hold.
    OrderRelation, OrderCountComparison, OrderWhere
}

order_by! {
    /// What orders are sorted by.
    OrderOrderBy,
    /// The fields that orders can be sorted by.
    OrderOrderField {
        /// When it was placed.
        OrderDate: Integer order::Entity, Column::OrderDate;
        /// When it arrived.
        DeliveredAt: Integer order::Entity, SortKey::DeliveredAt;
        /// Total.
        Total: Integer order::Entity, Column::Total;
        /// When it was entered.
        CreatedAt: Integer order::Entity, Column::CreatedAt;
    }
    default OrderDate Desc
}

impl Listed for Order {
    type Where = OrderWhere;
    type OrderBy = OrderOrderBy;
}

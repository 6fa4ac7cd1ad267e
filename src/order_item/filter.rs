//! What items of orders can be filtered and sorted by.

use derive::filter;
use entity::order_item::{self, Column};

use super::OrderItem;
use crate::{
    graphql::{
        Listed,
        comparison::{IntComparison, StringComparison, UnitPriceComparison, relation},
        order_by,
    },
    order::OrderWhere,
    product::ProductWhere,
};

/// Which items of orders. All conditions given must hold.
#[filter(table = entity::order_item)]
pub struct OrderItemWhere {
    /// Place among the items of the order, from 1.
    #[column(Position)]
    position: IntComparison,
    /// Name of what was ordered, letter by letter.
    #[column(Name)]
    name: StringComparison,
    /// How many were ordered.
    #[column(Quantity)]
    quantity: IntComparison,
    /// Price of one.
    #[column(UnitPrice)]
    unit_price: UnitPriceComparison,
    /// Discount on the whole line.
    #[column(Discount)]
    discount: UnitPriceComparison,
    /// The order it belongs to.
    #[edge(to = OrderId)]
    order: Box<OrderWhere>,
    /// The product that was ordered. It does not hold where the item names none.
    #[edge(to = ProductId)]
    product: Box<ProductWhere>,
}

relation! {
    /// Conditions on related items of orders. All given must hold.
    OrderItemRelation, OrderItemCountComparison, OrderItemWhere
}

order_by! {
    /// What items of orders are sorted by.
    OrderItemOrderBy,
    /// The fields that items of orders can be sorted by.
    OrderItemOrderField {
        /// Place among the items of the order.
        Position: Integer order_item::Entity, Column::Position;
    }
    default Position Asc
}

impl Listed for OrderItem {
    type Where = OrderItemWhere;
    type OrderBy = OrderItemOrderBy;
}

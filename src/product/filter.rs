//! What products can be filtered and sorted by.

use derive::filter;
use entity::product::{self, Column, SortKey};

use super::Product;
use crate::{
    graphql::{
        Listed,
        comparison::{DateTimeComparison, StringComparison, TextComparison, UnitPriceComparison},
        order_by,
    },
    order_item::OrderItemRelation,
};

/// Which products. All conditions given must hold.
#[filter(table = entity::product, node = Product, deleted_at = DeletedAt)]
pub struct ProductWhere {
    /// Name.
    #[column(NameKey)]
    name: TextComparison,
    /// Stock-keeping unit.
    #[column(Sku)]
    sku: StringComparison,
    /// Key in another system.
    #[column(ExternalId)]
    external_id: StringComparison,
    /// List price of one.
    #[column(UnitPrice)]
    unit_price: UnitPriceComparison,
    /// Currency of the list price.
    #[column(Currency)]
    currency: StringComparison,
    /// When it was entered.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// When it was last edited.
    #[column(UpdatedAt)]
    updated_at: DateTimeComparison,
    /// The items by which it was ordered.
    #[edge(column = entity::order_item::Column::ProductId)]
    order_items: OrderItemRelation,
}

order_by! {
    /// What products are sorted by.
    ProductOrderBy,
    /// The fields that products can be sorted by.
    ProductOrderField {
        /// Name, without regard to case and accents.
        Name: Text product::Entity, Column::NameKey;
        /// Stock-keeping unit.
        Sku: Text product::Entity, SortKey::Sku;
        /// When it was entered.
        CreatedAt: Integer product::Entity, Column::CreatedAt;
    }
    default Name Asc
}

impl Listed for Product {
    type Where = ProductWhere;
    type OrderBy = ProductOrderBy;
}

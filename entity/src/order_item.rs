//! The lines of orders.

use sea_orm::entity::prelude::*;

/// One line of an order, as sold. Its amounts are ten-thousandths of a minor unit of the order's currency.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_item")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The order it belongs to.
    pub order_id: Uuid,
    /// Who ordered: the customer of the order.
    pub customer_id: Uuid,
    /// Place among the lines of the order, from 1.
    pub position: i32,
    /// The product; null for a line that names none.
    pub product_id: Option<Uuid>,
    /// Name of what was sold, at that time.
    pub name: String,
    /// How many, at least 1.
    pub quantity: i32,
    /// ISO 4217 code of the order's currency, in which the amounts are.
    pub currency: String,
    /// Price of one, not negative.
    pub unit_price: i64,
    /// Discount on the whole line, not negative.
    pub discount: i64,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Index of `customer.tags`, by which customers with a tag are found.

use sea_orm::entity::prelude::*;

/// A tag of a customer, written in the same operation as `customer.tags`, which stays the record.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_tag")]
pub struct Model {
    /// The tag, as written.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tag: String,
    /// Who has it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

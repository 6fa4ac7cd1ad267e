//! What the store sells.

use sea_orm::entity::prelude::*;

/// A good or service that orders may name.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Name as shown.
    pub name: String,
    /// `name`, folded: what lists are sorted and searched by.
    pub name_key: String,
    /// What it is; null if not described.
    pub description: Option<String>,
    /// Stock-keeping unit, unique; null if there is none.
    pub sku: Option<String>,
    /// Key in another system, unique; null if there is none.
    pub external_id: Option<String>,
    /// List price in ten-thousandths of a minor unit of `currency`, not negative; null if there is none.
    pub unit_price: Option<i64>,
    /// ISO 4217 code of the price; null without one.
    pub currency: Option<String>,
    /// Counts edits by clients from 1.
    pub version: i32,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// When a client last edited it.
    pub updated_at: ChronoUnixTimestampMillis,
    /// When the product was withdrawn; null while it is sold.
    pub deleted_at: Option<ChronoUnixTimestampMillis>,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Columns that the database computes for lists to be sorted by, never null. They are not part of a row.
#[derive(Copy, Clone, Debug, DeriveIden)]
pub enum SortKey {
    /// `sku`, or empty.
    #[sea_orm(iden = "sku_sort")]
    Sku,
}

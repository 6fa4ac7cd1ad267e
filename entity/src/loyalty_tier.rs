//! The tiers of loyalty programs.

use sea_orm::entity::prelude::*;

use crate::texts::Texts;

/// A level of a program, reached by spending.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loyalty_tier")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The program it is a tier of.
    pub program_id: Uuid,
    /// Name, unique among the tiers of the program that were not taken away.
    pub name: String,
    /// Place among the tiers of the program, unique as the name, 1 for the lowest.
    pub rank: i32,
    /// Spending from which it is reached, in minor units of the store's currency; unique as the name, not negative.
    pub min_spend: i64,
    /// Discount for members, 0 to 100.
    pub discount_percent: i32,
    /// What members get, in words.
    #[sea_orm(column_type = "JsonBinary")]
    pub benefits: Texts,
    /// When it was taken away from the program; null while it is one of its tiers.
    pub retired_at: Option<ChronoUnixTimestampMillis>,
    /// Counts edits by clients from 1.
    pub version: i32,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// When a client last edited it.
    pub updated_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! Who is in which segment.

use sea_orm::entity::prelude::*;

/// A customer in a segment.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "segment_membership")]
pub struct Model {
    /// The segment.
    #[sea_orm(primary_key, auto_increment = false)]
    pub segment_id: Uuid,
    /// The member.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    /// When the customer entered, most recently.
    pub since: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! The tiers that members held before.

use sea_orm::entity::prelude::*;

/// A tier that a member held for a time that is over. The one that they hold now is in the membership.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loyalty_tier_interval")]
pub struct Model {
    /// The membership.
    #[sea_orm(primary_key, auto_increment = false)]
    pub membership_id: Uuid,
    /// When the member came to the tier, in milliseconds since 1970: keys are of no other type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub since: i64,
    /// When the member came to the next one, which is held from that instant on.
    pub until: ChronoUnixTimestampMillis,
    /// The tier; null if it was taken away since.
    pub tier_id: Option<Uuid>,
    /// What it was called when the member left it.
    pub tier_name: String,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

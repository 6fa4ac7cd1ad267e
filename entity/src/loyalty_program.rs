//! Loyalty programs.

use derive::terms;
use sea_orm::entity::prelude::*;

/// A scheme that rewards spending by tiers.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loyalty_program")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Stable name for programs, unique.
    pub handle: String,
    /// Name for people.
    pub name: String,
    /// What it offers, in words; null if not described.
    pub description: Option<String>,
    /// Whether every customer is enrolled; true for at most one program.
    pub is_default: bool,
    /// Which spending counts.
    pub evaluation: LoyaltyEvaluation,
    /// For how many days after a period members keep a tier that they no longer reach; null if they keep it for good.
    pub grace_days: Option<i32>,
    /// Whether all members have been brought to where they belong since the tiers were last edited.
    pub is_settled: bool,
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

/// Which spending counts towards the tiers of a loyalty program. Spending is purchases less refunds.
#[terms("customers:LoyaltyEvaluation", column)]
pub enum LoyaltyEvaluation {
    /// All spending counts, from the first day on.
    #[iri("customers:LifetimeEvaluation")]
    Lifetime,
    /// Spending of the last 365 days counts.
    #[iri("customers:RollingEvaluation")]
    Rolling,
    /// Spending since 1 January, in UTC, counts.
    #[iri("customers:CalendarEvaluation")]
    Calendar,
}

//! Named sets of customers.

use derive::terms;
use sea_orm::entity::prelude::*;

/// A set of customers, chosen by hand or by a rule.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "segment")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Stable name for programs, unique, such as `spend-premium`.
    pub handle: String,
    /// Name for people.
    pub name: String,
    /// Who is in it, in words; null if not described.
    pub description: Option<String>,
    /// By hand or by rule.
    pub kind: SegmentKind,
    /// Whether it came with the product.
    pub is_built_in: bool,
    /// The filter that decides; null for a static segment.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub rule: Option<Json>,
    /// When the rule was last applied to everyone; null before, and for a static segment.
    pub computed_at: Option<ChronoUnixTimestampMillis>,
    /// When it was deleted: nobody sees it any more, and the row stays until all members have left.
    pub deleted_at: Option<ChronoUnixTimestampMillis>,
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

/// How the members of a segment are chosen.
#[terms("customers:SegmentKind", column)]
pub enum SegmentKind {
    /// Members are added and removed by hand.
    #[iri("customers:StaticSegment")]
    Static,
    /// Members are the customers that a stored rule holds for; they come and go as they change.
    #[iri("customers:DynamicSegment")]
    Dynamic,
}

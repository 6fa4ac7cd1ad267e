//! The segment as every face shows it.

use derive::resource;
use entity::segment::SegmentKind;
use uuid::Uuid;

use crate::instant::Instant;

/// A set of customers. A customer may be in many.
#[resource(
    class = "customers:Segment",
    collection = "segments",
    table = entity::segment,
    deleted_at = DeletedAt
)]
pub struct Segment {
    #[key]
    key: Uuid,
    /// Stable name for programs, such as `spend-premium`. No two segments share one.
    #[iri("schema:identifier")]
    handle: String,
    /// Name for people.
    #[iri("schema:name")]
    name: String,
    /// Who is in it, in words. Null if not described.
    #[iri("schema:description")]
    description: Option<String>,
    /// How its members are chosen.
    #[iri("customers:segmentKind")]
    kind: SegmentKind,
    /// Whether it came with the product.
    #[iri("customers:isBuiltIn")]
    is_built_in: bool,
    /// When its rule was last applied to all customers. Null before the first time, and for a static segment.
    #[iri("customers:computedAt")]
    computed_at: Option<Instant>,
    /// Counts edits by clients, from 1. Customers who enter or leave do not count.
    #[iri("customers:version")]
    version: i32,
    /// When the segment was made.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited it.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

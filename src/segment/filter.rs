//! What segments can be filtered and sorted by.

use derive::filter;
use entity::{
    segment::{self, Column, SegmentKind},
    segment_membership,
};

use super::Segment;
use crate::{
    customer::CustomerRelation,
    graphql::{
        Listed,
        comparison::{BooleanComparison, DateTimeComparison, StringComparison, relation, term_comparison},
        order_by,
    },
};

term_comparison! {
    /// Tests of how the members of a segment are chosen. All given must pass.
    SegmentKindComparison, SegmentKind
}

/// Which segments. All conditions given must hold.
#[filter(table = entity::segment, node = Segment, deleted_at = DeletedAt)]
pub struct SegmentWhere {
    /// Stable name for programs.
    #[column(Handle)]
    handle: StringComparison,
    /// Name for people, letter by letter.
    #[column(Name)]
    name: StringComparison,
    /// How its members are chosen.
    #[column(Kind)]
    kind: SegmentKindComparison,
    /// Whether it came with the product.
    #[column(IsBuiltIn)]
    is_built_in: BooleanComparison,
    /// When its rule was last applied to all customers.
    #[column(ComputedAt)]
    computed_at: DateTimeComparison,
    /// When it was made.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// When it was last edited.
    #[column(UpdatedAt)]
    updated_at: DateTimeComparison,
    /// The customers in it.
    #[edge(through = segment_membership, from = SegmentId, to = CustomerId)]
    customers: CustomerRelation,
}

relation! {
    /// Conditions on related segments. All given must hold.
    SegmentRelation, SegmentCountComparison, SegmentWhere
}

order_by! {
    /// What segments are sorted by.
    SegmentOrderBy,
    /// The fields that segments can be sorted by.
    SegmentOrderField {
        /// Name, letter by letter.
        Name: Text segment::Entity, Column::Name;
        /// When it was made.
        CreatedAt: Integer segment::Entity, Column::CreatedAt;
    }
    default Name Asc
}

impl Listed for Segment {
    type Where = SegmentWhere;
    type OrderBy = SegmentOrderBy;
}

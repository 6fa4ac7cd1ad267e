//! What clients send about segments.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::customer::CustomerWhere;

/// What `segmentCreate` takes. With `where` the segment is a dynamic one; without, its members are chosen by hand.
#[derive(Clone, Debug, InputObject)]
pub struct SegmentCreateInput {
    /// Name for people.
    pub name: String,
    /// Stable name for programs, which no two segments share: at most 100 letters a to z, digits, and hyphens between
    /// them. Made from the name if not said.
    pub handle: Option<String>,
    /// Who is in it, in words: at most 10,000 characters.
    pub description: Option<String>,
    /// The rule: whoever fulfils it is in the segment for as long as they do. Relative times stay relative. Conditions on
    /// other segments name them by `id` or `handle`, and lead in no circle; segments that are named by `handle` are kept by
    /// `id`.
    #[graphql(name = "where")]
    pub filter: Option<Box<CustomerWhere>>,
}

/// What `segmentUpdate` takes. What is not said stays as it is; null clears what may be absent.
#[derive(Clone, Debug, InputObject)]
pub struct SegmentUpdateInput {
    /// The segment.
    pub id: ID,
    /// Name for people. Not null.
    pub name: MaybeUndefined<String>,
    /// Stable name for programs, which no two segments share: at most 100 letters a to z, digits, and hyphens between
    /// them. Not null. That of a built-in segment stays as it is.
    pub handle: MaybeUndefined<String>,
    /// Who is in it, in words: at most 10,000 characters.
    pub description: MaybeUndefined<String>,
    /// The rule, as in `segmentCreate`. Members are found anew after another one, also of a segment that was static. Null
    /// makes the segment static: who is in it stays. That of a built-in segment stays as it is.
    #[graphql(name = "where")]
    pub filter: MaybeUndefined<Box<CustomerWhere>>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

/// What `segmentDelete` takes.
#[derive(Clone, Debug, InputObject)]
pub struct SegmentDeleteInput {
    /// The segment.
    pub id: ID,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

/// What `segmentMembersAdd` takes.
#[derive(Clone, Debug, InputObject)]
pub struct SegmentMembersAddInput {
    /// The segment, a static one.
    pub segment: ID,
    /// The customers, at most 250.
    pub customers: Vec<ID>,
}

/// What `segmentMembersRemove` takes.
#[derive(Clone, Debug, InputObject)]
pub struct SegmentMembersRemoveInput {
    /// The segment, a static one.
    pub segment: ID,
    /// The customers, at most 250.
    pub customers: Vec<ID>,
}

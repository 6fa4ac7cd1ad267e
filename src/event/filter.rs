//! What events can be filtered and sorted by.

use derive::filter;
use entity::event::{self, Column, EventCause, EventType};

use super::CustomerEvent;
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, IntComparison, StringComparison, relation, term_comparison},
        order_by,
    },
    segment::SegmentWhere,
};

term_comparison! {
    /// Tests of what happened. All given must pass.
    EventTypeComparison, EventType
}

term_comparison! {
    /// Tests of what brought an event about. All given must pass.
    EventCauseComparison, EventCause
}

/// Which events. All conditions given must hold.
#[filter(table = entity::event)]
pub struct CustomerEventWhere {
    /// What happened.
    #[column(Kind)]
    r#type: EventTypeComparison,
    /// When it happened.
    #[column(OccurredAt)]
    occurred_at: DateTimeComparison,
    /// Number among the events of the customer.
    #[column(Sequence)]
    sequence: IntComparison,
    /// Who did it.
    #[column(Actor)]
    actor: StringComparison,
    /// The segment that was entered or left.
    #[edge(to = SegmentId)]
    segment: Box<SegmentWhere>,
    /// What brought it about.
    #[column(Cause)]
    cause: EventCauseComparison,
    /// Whom it happened to.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
}

relation! {
    /// Conditions on related events. All given must hold.
    CustomerEventRelation, CustomerEventCountComparison, CustomerEventWhere
}

order_by! {
    /// What events are sorted by.
    CustomerEventOrderBy,
    /// The fields that events can be sorted by.
    CustomerEventOrderField {
        /// Number among the events of the customer.
        Sequence: Integer event::Entity, Column::Sequence;
        /// When it happened. Read quickly in the history of a segment.
        OccurredAt: Integer event::Entity, Column::OccurredAt;
    }
    default Sequence Desc
}

impl Listed for CustomerEvent {
    type Where = CustomerEventWhere;
    type OrderBy = CustomerEventOrderBy;
}

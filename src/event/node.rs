//! The event as every face shows it.

use derive::resource;
use entity::event::{EventCause, EventType};
use uuid::Uuid;

use super::Cursor;
use crate::instant::Instant;

/// Something that happened to a customer, to one of their orders, or to their place in a segment.
#[resource(class = "customers:CustomerEvent", collection = "events", table = entity::event)]
pub struct CustomerEvent {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    #[foreign]
    order_id: Option<Uuid>,
    #[foreign]
    refund_id: Option<Uuid>,
    #[foreign]
    segment_id: Option<Uuid>,
    #[foreign]
    program_id: Option<Uuid>,
    #[foreign]
    tier_id: Option<Uuid>,
    /// What happened.
    #[iri("customers:eventType")]
    #[column(kind)]
    r#type: EventType,
    /// What happened, as the name by which other systems know it, such as `$.Customer.upgraded`.
    #[iri("customers:eventName")]
    #[derived(r#type.name().to_owned())]
    name: String,
    /// When it happened: an order's and a refund's own instant, else when it was entered.
    #[iri("customers:occurredAt")]
    occurred_at: Instant,
    /// Number among the events of the customer, from 1 and without a gap.
    #[iri("customers:sequence")]
    sequence: i64,
    /// The fields that have another value now, by their names here. Empty unless the customer was updated or tagged.
    #[iri("customers:changedFields")]
    changed_fields: Vec<String>,
    /// The conditions that decided that the customer entered a segment, or left it, each with what was found:
    /// `totalSpent ≥ 1000 (is 1200.00)`, `some orders (total ≥ 100) (2 of them)`, and `not` before those that do not
    /// hold: `not every orders (status = DELIVERED) (all but 1)`. Where the rule has many, those whose values had just
    /// changed. Empty for a segment without a rule, and for whatever else happens. No personal data.
    #[iri("customers:decidedBy")]
    decided_by: Vec<String>,
    /// Who did it.
    #[iri("customers:actor")]
    actor: String,
    /// What brought it about.
    #[iri("customers:cause")]
    cause: EventCause,
    /// Its place in the log, for `after` of subscriptions. Null for a moment after it happened, until it has one.
    #[iri("customers:cursor")]
    #[column(position)]
    cursor: Option<Cursor>,
}

//! All events, each with what tells it apart.

use chrono::{DateTime, Utc};
use entity::{event::EventType, order, refund};
use uuid::Uuid;

/// Something that happened, as operations tell it. `reactions` decides what follows.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the variants are those of `EventType`, which says what each means; fields hold keys")]
pub enum Event {
    CustomerCreated {
        customer: Uuid,
    },
    /// `changed`: the fields that have another value now, by their names in GraphQL.
    CustomerUpdated {
        customer: Uuid,
        changed: Vec<&'static str>,
    },
    CustomerTagged {
        customer: Uuid,
    },
    CustomerDeleted {
        customer: Uuid,
    },
    CustomerRestored {
        customer: Uuid,
    },
    CustomerPurchased {
        order: Box<order::Model>,
    },
    CustomerRefunded {
        refund: Box<refund::Model>,
    },
    CustomerEnrolled {
        customer: Uuid,
        program: Uuid,
        tier: Uuid,
    },
    CustomerUnenrolled {
        customer: Uuid,
        program: Uuid,
    },
    CustomerUpgraded {
        customer: Uuid,
        program: Uuid,
        tier: Uuid,
    },
    CustomerDowngraded {
        customer: Uuid,
        program: Uuid,
        tier: Uuid,
    },
    CustomerChurned {
        customer: Uuid,
    },
    CustomerReactivated {
        customer: Uuid,
    },
    OrderCreated {
        order: Box<order::Model>,
    },
    OrderShipped {
        order: Box<order::Model>,
    },
    OrderDelivered {
        order: Box<order::Model>,
    },
    OrderCancelled {
        order: Box<order::Model>,
    },
    OrderRefunded {
        refund: Box<refund::Model>,
    },
    /// `decided_by`: the conditions that decided it, in words.
    SegmentEntered {
        customer: Uuid,
        segment: Uuid,
        decided_by: Vec<String>,
    },
    /// `decided_by`: the conditions that decided it, in words.
    SegmentLeft {
        customer: Uuid,
        segment: Uuid,
        decided_by: Vec<String>,
    },
}

/// An event as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are columns of `entity::event`")]
pub struct Tale {
    pub kind: EventType,
    pub occurred_at: DateTime<Utc>,
    pub customer: Uuid,
    pub order: Option<Uuid>,
    pub refund: Option<Uuid>,
    pub segment: Option<Uuid>,
    pub program: Option<Uuid>,
    pub tier: Option<Uuid>,
    pub changed_fields: Vec<&'static str>,
    pub decided_by: Vec<String>,
}

impl Event {
    /// What the log tells of the event, which became known at `now`.
    ///
    /// What happens to an order or to money has an instant of its own, which may be earlier.
    #[must_use]
    pub fn tale(&self, now: DateTime<Utc>) -> Tale {
        let of = |kind, customer| Tale {
            kind,
            occurred_at: now,
            customer,
            order: None,
            refund: None,
            segment: None,
            program: None,
            tier: None,
            changed_fields: Vec::new(),
            decided_by: Vec::new(),
        };
        let of_order = |kind, order: &order::Model, at: Option<DateTime<Utc>>| Tale {
            occurred_at: at.unwrap_or(now),
            order: Some(order.id),
            ..of(kind, order.customer_id)
        };
        let of_refund = |kind, refund: &refund::Model| Tale {
            occurred_at: refund.refunded_at.0,
            order: refund.order_id,
            refund: Some(refund.id),
            ..of(kind, refund.customer_id)
        };
        let of_tier = |kind, customer, program, tier| Tale { program: Some(program), tier, ..of(kind, customer) };
        let of_segment = |kind, customer, segment, decided_by: &Vec<String>| Tale {
            segment: Some(segment),
            decided_by: decided_by.clone(),
            ..of(kind, customer)
        };
        match self {
            Self::CustomerCreated { customer } => of(EventType::CustomerCreated, *customer),
            Self::CustomerUpdated { customer, changed } => {
                Tale { changed_fields: changed.clone(), ..of(EventType::CustomerUpdated, *customer) }
            }
            Self::CustomerTagged { customer } => {
                Tale { changed_fields: vec!["tags"], ..of(EventType::CustomerTagged, *customer) }
            }
            Self::CustomerDeleted { customer } => of(EventType::CustomerDeleted, *customer),
            Self::CustomerRestored { customer } => of(EventType::CustomerRestored, *customer),
            Self::CustomerPurchased { order } => {
                of_order(EventType::CustomerPurchased, order, order.delivered_at.map(|at| at.0))
            }
            Self::CustomerRefunded { refund } => of_refund(EventType::CustomerRefunded, refund),
            Self::CustomerEnrolled { customer, program, tier } => {
                of_tier(EventType::CustomerEnrolled, *customer, *program, Some(*tier))
            }
            Self::CustomerUnenrolled { customer, program } => {
                of_tier(EventType::CustomerUnenrolled, *customer, *program, None)
            }
            Self::CustomerUpgraded { customer, program, tier } => {
                of_tier(EventType::CustomerUpgraded, *customer, *program, Some(*tier))
            }
            Self::CustomerDowngraded { customer, program, tier } => {
                of_tier(EventType::CustomerDowngraded, *customer, *program, Some(*tier))
            }
            Self::CustomerChurned { customer } => of(EventType::CustomerChurned, *customer),
            Self::CustomerReactivated { customer } => of(EventType::CustomerReactivated, *customer),
            Self::OrderCreated { order } => of_order(EventType::OrderCreated, order, Some(order.order_date.0)),
            Self::OrderShipped { order } => of_order(EventType::OrderShipped, order, order.shipped_at.map(|at| at.0)),
            Self::OrderDelivered { order } => {
                of_order(EventType::OrderDelivered, order, order.delivered_at.map(|at| at.0))
            }
            Self::OrderCancelled { order } => {
                of_order(EventType::OrderCancelled, order, order.cancelled_at.map(|at| at.0))
            }
            Self::OrderRefunded { refund } => of_refund(EventType::OrderRefunded, refund),
            Self::SegmentEntered { customer, segment, decided_by } => {
                of_segment(EventType::SegmentEntered, *customer, *segment, decided_by)
            }
            Self::SegmentLeft { customer, segment, decided_by } => {
                of_segment(EventType::SegmentLeft, *customer, *segment, decided_by)
            }
        }
    }
}

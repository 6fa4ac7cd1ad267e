//! The log of events: what happened to customers, their orders and their places in segments.

use derive::terms;
use sea_orm::entity::prelude::*;

use crate::texts::Texts;

/// One thing that happened. Rows are only ever added, by the transaction that makes them true.
///
/// The keys of what it is about are no foreign keys: the log outlives what it tells of.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Place in the log, from 1 and without a gap; null until a committed event has been given its place.
    pub position: Option<i64>,
    /// What happened.
    pub kind: EventType,
    /// When it happened.
    pub occurred_at: ChronoUnixTimestampMillis,
    /// The customer it happened to.
    pub customer_id: Uuid,
    /// Number among the events of the customer, from 1.
    pub sequence: i64,
    /// The order it is about; null if it is about none.
    pub order_id: Option<Uuid>,
    /// The refund it is about; null if it is about none.
    pub refund_id: Option<Uuid>,
    /// The segment that was entered or left; null if none was.
    pub segment_id: Option<Uuid>,
    /// The loyalty program it is about; null if it is about none.
    pub program_id: Option<Uuid>,
    /// The loyalty tier that was come to; null if none was.
    pub tier_id: Option<Uuid>,
    /// The fields that have another value now, by their names in GraphQL.
    #[sea_orm(column_type = "JsonBinary")]
    pub changed_fields: Texts,
    /// The conditions that decided who entered or left a segment, in words and without personal data; empty for a
    /// segment without a rule, and for all that is told of no segment.
    #[sea_orm(column_type = "JsonBinary")]
    pub decided_by: Texts,
    /// Who did it: `local`, or the job or import that did.
    pub actor: String,
    /// What brought it about.
    pub cause: EventCause,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What happened.
#[terms("customers:EventType", column)]
pub enum EventType {
    /// A customer was entered. `$.Customer.created`
    #[iri("customers:CustomerCreated")]
    CustomerCreated,
    /// Facts about a customer were changed, addresses, contacts and consent included. `$.Customer.updated`
    #[iri("customers:CustomerUpdated")]
    CustomerUpdated,
    /// Tags of a customer were added or removed. `$.Customer.tagged`
    #[iri("customers:CustomerTagged")]
    CustomerTagged,
    /// A customer was deleted. `$.Customer.deleted`
    #[iri("customers:CustomerDeleted")]
    CustomerDeleted,
    /// A deleted customer was brought back. `$.Customer.restored`
    #[iri("customers:CustomerRestored")]
    CustomerRestored,
    /// An order of a customer arrived, and is a purchase now. `$.Customer.purchased`
    #[iri("customers:CustomerPurchased")]
    CustomerPurchased,
    /// Money was returned to a customer for no single order. `$.Customer.refunded`
    #[iri("customers:CustomerRefunded")]
    CustomerRefunded,
    /// A customer joined a loyalty program. `$.Customer.enrolled`
    #[iri("customers:CustomerEnrolled")]
    CustomerEnrolled,
    /// A customer left a loyalty program. `$.Customer.unenrolled`
    #[iri("customers:CustomerUnenrolled")]
    CustomerUnenrolled,
    /// A customer rose to a higher loyalty tier. `$.Customer.upgraded`
    #[iri("customers:CustomerUpgraded")]
    CustomerUpgraded,
    /// A customer fell to a lower loyalty tier. `$.Customer.downgraded`
    #[iri("customers:CustomerDowngraded")]
    CustomerDowngraded,
    /// A customer was lost: their churn risk became high. `$.Customer.churned`
    #[iri("customers:CustomerChurned")]
    CustomerChurned,
    /// A customer who was lost came back: their churn risk is high no more. `$.Customer.reactivated`
    #[iri("customers:CustomerReactivated")]
    CustomerReactivated,
    /// An order was placed. `$.Order.created`
    #[iri("customers:OrderCreated")]
    OrderCreated,
    /// An order left. `$.Order.shipped`
    #[iri("customers:OrderShipped")]
    OrderShipped,
    /// An order arrived. `$.Order.delivered`
    #[iri("customers:OrderDelivered")]
    OrderDelivered,
    /// An order was called off before it arrived. `$.Order.cancelled`
    #[iri("customers:OrderCancelled")]
    OrderCancelled,
    /// Money was returned for an order. `$.Order.refunded`
    #[iri("customers:OrderRefunded")]
    OrderRefunded,
    /// A customer entered a segment. `$.Segment.entered`
    #[iri("customers:SegmentEntered")]
    SegmentEntered,
    /// A customer left a segment. `$.Segment.left`
    #[iri("customers:SegmentLeft")]
    SegmentLeft,
}

impl EventType {
    /// The name by which the event is known outside GraphQL, such as `$.Customer.upgraded`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CustomerCreated => "$.Customer.created",
            Self::CustomerUpdated => "$.Customer.updated",
            Self::CustomerTagged => "$.Customer.tagged",
            Self::CustomerDeleted => "$.Customer.deleted",
            Self::CustomerRestored => "$.Customer.restored",
            Self::CustomerPurchased => "$.Customer.purchased",
            Self::CustomerRefunded => "$.Customer.refunded",
            Self::CustomerEnrolled => "$.Customer.enrolled",
            Self::CustomerUnenrolled => "$.Customer.unenrolled",
            Self::CustomerUpgraded => "$.Customer.upgraded",
            Self::CustomerDowngraded => "$.Customer.downgraded",
            Self::CustomerChurned => "$.Customer.churned",
            Self::CustomerReactivated => "$.Customer.reactivated",
            Self::OrderCreated => "$.Order.created",
            Self::OrderShipped => "$.Order.shipped",
            Self::OrderDelivered => "$.Order.delivered",
            Self::OrderCancelled => "$.Order.cancelled",
            Self::OrderRefunded => "$.Order.refunded",
            Self::SegmentEntered => "$.Segment.entered",
            Self::SegmentLeft => "$.Segment.left",
        }
    }

    /// Whether it is told of an order.
    #[must_use]
    pub fn is_of_order(self) -> bool {
        self.name().starts_with("$.Order.")
    }

    /// Whether it is told of a segment.
    #[must_use]
    pub fn is_of_segment(self) -> bool {
        self.name().starts_with("$.Segment.")
    }
}

/// What brought an event about.
#[terms("customers:EventCause", column)]
pub enum EventCause {
    /// A client's request.
    #[iri("customers:RequestCause")]
    Request,
    /// An import of data.
    #[iri("customers:ImportCause")]
    Import,
    /// A job, such as the passing of time asks for.
    #[iri("customers:JobCause")]
    Job,
}

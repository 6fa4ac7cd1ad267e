//! Messages to customers.

use derive::terms;
use sea_orm::entity::prelude::*;

/// One message to a customer, sent or not.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "communication")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whom it is for.
    pub customer_id: Uuid,
    /// How it travels.
    pub channel: CommunicationChannel,
    /// What it is for, which decides whether consent is needed.
    pub purpose: CommunicationPurpose,
    /// What became of it.
    pub state: CommunicationState,
    /// Name of the template it is written from.
    pub template: String,
    /// Subject line; null where the channel has none, and until the message is written from its template.
    pub subject: Option<String>,
    /// Text of its own; null where the template says everything.
    pub body: Option<String>,
    /// Language it was written in, by BCP 47; null until it is sent.
    pub language: Option<String>,
    /// Why it failed or was suppressed; null otherwise.
    pub reason: Option<String>,
    /// The event it follows from; null if somebody sent it.
    pub event_id: Option<Uuid>,
    /// What it was sent with, together with others; null if it follows from an event.
    pub mailing_id: Option<Uuid>,
    /// How often it was tried since it was queued.
    pub tries: i32,
    /// When it is to be tried next; null unless it is queued. While somebody sends it, when their lease ends.
    pub due_at: Option<ChronoUnixTimestampMillis>,
    /// The lease of whoever sends it, or did last.
    pub lease: Option<Uuid>,
    /// When it was queued or suppressed.
    pub created_at: ChronoUnixTimestampMillis,
    /// When it was handed over for delivery; null before.
    pub sent_at: Option<ChronoUnixTimestampMillis>,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How a message travels to a customer.
#[terms("customers:CommunicationChannel", column)]
pub enum CommunicationChannel {
    /// The message goes to the customer's e-mail address.
    #[iri("customers:EmailChannel")]
    Email,
    /// The message goes to the customer's telephone, as text.
    #[iri("customers:SmsChannel")]
    Sms,
}

/// What a message is for, which decides whether consent is needed.
#[terms("customers:CommunicationPurpose", column)]
pub enum CommunicationPurpose {
    /// The message belongs to what the customer did, such as joining or rising to a tier. It needs no
    /// consent.
    #[iri("customers:TransactionalPurpose")]
    Transactional,
    /// The message advertises. It is sent only with the customer's consent for the channel.
    #[iri("customers:MarketingPurpose")]
    Marketing,
}

/// What became of a message.
#[terms("customers:CommunicationState", column)]
pub enum CommunicationState {
    /// The message waits to be sent, for the first time or again.
    #[iri("customers:QueuedCommunication")]
    Queued,
    /// The message was handed over for delivery.
    #[iri("customers:SentCommunication")]
    Sent,
    /// The message could not be sent, and is not tried again.
    #[iri("customers:FailedCommunication")]
    Failed,
    /// The message was held back: without consent, or too many in a short time.
    #[iri("customers:SuppressedCommunication")]
    Suppressed,
}

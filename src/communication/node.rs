//! The communication as every face shows it.

use derive::resource;
use entity::communication::{CommunicationChannel, CommunicationPurpose, CommunicationState};
use uuid::Uuid;

use crate::instant::Instant;

/// One message to a customer, whether or not it was sent.
#[resource(
    class = "customers:Communication",
    class_of = "schema:Message",
    collection = "communications",
    table = entity::communication
)]
pub struct Communication {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    #[foreign]
    event_id: Option<Uuid>,
    /// How it travels.
    #[iri("customers:channel")]
    channel: CommunicationChannel,
    /// What it is for, which decides whether it needs consent.
    #[iri("customers:purpose")]
    purpose: CommunicationPurpose,
    /// What became of it.
    #[iri("customers:state")]
    state: CommunicationState,
    /// Name of the template that it is written from.
    #[iri("customers:template")]
    template: String,
    /// Subject line. Null where the channel has none, and until it is written from its template.
    #[iri("schema:headline")]
    #[personal]
    subject: Option<String>,
    /// Text of its own. Null where the template says everything.
    #[iri("schema:text")]
    #[column(body)]
    #[personal]
    text: Option<String>,
    /// Language it was written in, by BCP 47. Null until it is.
    #[iri("schema:inLanguage")]
    language: Option<String>,
    /// Why it was held back: `no address`, `no consent`, `too many in a short time` (the frequency cap), `expired` (it waited
    /// for longer than the store lets messages wait), `no occasion any more` (they bought again, or do not hold the tier any
    /// more that it is about), or `the customer was deleted`; or, in words, why it failed or could not be sent yet. Null
    /// otherwise.
    #[iri("customers:stateReason")]
    reason: Option<String>,
    /// When it was queued, or held back.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When it is tried next, or when the time ends that a server has for trying it now. Null unless it is queued.
    #[iri("customers:dueAt")]
    due_at: Option<Instant>,
    /// When it was handed over for delivery. Null before.
    #[iri("schema:dateSent")]
    sent_at: Option<Instant>,
}

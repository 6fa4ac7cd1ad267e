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
    /// Subject line. Null where the channel has none.
    #[iri("schema:headline")]
    #[personal]
    subject: Option<String>,
    /// Why it failed or was held back. Null otherwise.
    #[iri("customers:stateReason")]
    reason: Option<String>,
    /// When it was queued, or held back.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When it was handed over for delivery. Null before.
    #[iri("schema:dateSent")]
    sent_at: Option<Instant>,
}

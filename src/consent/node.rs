//! The decision as every face shows it.

use derive::resource;
use entity::{
    communication::{CommunicationChannel, CommunicationPurpose},
    consent::ConsentState,
};
use uuid::Uuid;

use crate::instant::Instant;

/// A decision of a customer about messages. It never changes: the latest one of its channel and purpose is what holds.
#[resource(class = "customers:Consent", collection = "consents", table = entity::consent)]
pub struct Consent {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    /// By which way messages may come, or not.
    #[iri("customers:channel")]
    channel: CommunicationChannel,
    /// For what they may come, or not.
    #[iri("customers:purpose")]
    purpose: CommunicationPurpose,
    /// What the customer decided.
    #[iri("customers:consentState")]
    state: ConsentState,
    /// Version of the text that the customer had before them. Null if it is not known.
    #[iri("customers:wordingVersion")]
    wording_version: Option<String>,
    /// Where it was decided, such as the name of a form; the name of the mutation where a client only set `emailOptIn`
    /// or `smsOptIn`.
    #[iri("customers:consentSource")]
    source: String,
    /// When the customer decided. Of two decisions at the same instant, the one that was recorded later holds.
    #[iri("customers:decidedAt")]
    decided_at: Instant,
    /// When it was recorded here.
    #[iri("customers:createdAt")]
    created_at: Instant,
}

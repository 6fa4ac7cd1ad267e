//! The attempt as every face shows it.

use derive::resource;
use entity::communication_attempt::AttemptOutcome;
use uuid::Uuid;

use crate::instant::Instant;

/// One attempt to hand a message over to a mail server or a gateway.
#[resource(
    class = "customers:CommunicationAttempt",
    class_of = "schema:SendAction",
    collection = "communication-attempts",
    table = entity::communication_attempt
)]
pub struct CommunicationAttempt {
    #[key]
    key: Uuid,
    #[foreign]
    communication_id: Uuid,
    /// When it began.
    #[iri("schema:startTime")]
    started_at: Instant,
    /// When it ended. Null while it runs, and for good if the server was stopped meanwhile: then nobody knows whether
    /// the message was handed over.
    #[iri("schema:endTime")]
    ended_at: Option<Instant>,
    /// What came of it. Null as long as `endedAt` is.
    #[iri("customers:attemptOutcome")]
    outcome: Option<AttemptOutcome>,
    /// What the other side answered, or why it could not be asked, of at most 1,000 characters. Null if nothing is
    /// known.
    #[iri("customers:attemptAnswer")]
    #[personal]
    answer: Option<String>,
}

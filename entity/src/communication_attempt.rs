//! Attempts to send messages.

use derive::terms;
use sea_orm::entity::prelude::*;

/// One attempt to hand a message over.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "communication_attempt")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The message.
    pub communication_id: Uuid,
    /// When it began.
    pub started_at: ChronoUnixTimestampMillis,
    /// When it ended; null while it runs, and for good if the server was stopped meanwhile.
    pub ended_at: Option<ChronoUnixTimestampMillis>,
    /// What came of it; null as long as `ended_at` is.
    pub outcome: Option<AttemptOutcome>,
    /// What the mail server or the gateway answered; null if it did not.
    pub answer: Option<String>,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What came of an attempt to send a message.
#[terms("customers:AttemptOutcome", column)]
pub enum AttemptOutcome {
    /// The mail server or the gateway took the message over.
    #[iri("customers:AcceptedAttempt")]
    Accepted,
    /// It could not be reached, or asked to be tried again later.
    #[iri("customers:DelayedAttempt")]
    Delayed,
    /// It refused the message for good, or the message could not be written.
    #[iri("customers:RefusedAttempt")]
    Refused,
}

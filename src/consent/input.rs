//! What clients send about consent.

use async_graphql::{ID, InputObject};
use entity::{
    communication::{CommunicationChannel, CommunicationPurpose},
    consent::ConsentState,
};

use crate::instant::Instant;

/// What `consentRecord` takes.
#[derive(Clone, Debug, InputObject)]
pub struct ConsentRecordInput {
    /// Who decided.
    pub customer: ID,
    /// By which way messages may come, or not.
    pub channel: CommunicationChannel,
    /// For what they may come, or not.
    pub purpose: CommunicationPurpose,
    /// What was decided.
    pub state: ConsentState,
    /// Version of the text that the customer had before them: at most 100 characters.
    pub wording_version: Option<String>,
    /// Where it was decided, such as the name of a form: at most 200 characters.
    pub source: String,
    /// When it was decided: now if not said, and not in the future. A decision that is older than another does not take
    /// its place.
    pub at: Option<Instant>,
}

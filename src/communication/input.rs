//! What clients send about communications.

use async_graphql::{ID, InputObject, OneofObject};
use entity::communication::{CommunicationChannel, CommunicationPurpose};

/// What `communicationSend` and `communicationPreview` take.
#[derive(Clone, Debug, InputObject)]
pub struct CommunicationSendInput {
    /// Whom to send it to.
    pub to: CommunicationRecipientsInput,
    /// A customer of the segment: those after them, in the order of keys, are sent to. `last` of the call before, for
    /// segments of more than 5,000.
    pub after: Option<ID>,
    /// How it travels.
    pub channel: CommunicationChannel,
    /// What it is for. Marketing reaches only those who consented, and only so often.
    pub purpose: CommunicationPurpose,
    /// What it says.
    pub content: CommunicationContentInput,
}

/// Whom to send a message to.
#[derive(Clone, Debug, OneofObject)]
pub enum CommunicationRecipientsInput {
    /// One customer.
    Customer(ID),
    /// The customers of a segment, at most 5,000 of them at once.
    Segment(ID),
}

/// What a message says.
#[derive(Clone, Debug, OneofObject)]
pub enum CommunicationContentInput {
    /// What a template says: its name.
    Template(String),
    /// A text of its own.
    Message(CommunicationMessageInput),
}

/// A text of its own, sent as it is: what looks like markup stays visible.
#[derive(Clone, Debug, InputObject)]
pub struct CommunicationMessageInput {
    /// Subject line of at most 200 characters, which mail must have, and text messages cannot.
    pub subject: Option<String>,
    /// Text: at most 10,000 characters by mail, 1,000 as a text message. An empty line begins a paragraph.
    pub text: String,
}

/// What `communicationRetry` takes.
#[derive(Clone, Debug, InputObject)]
pub struct CommunicationRetryInput {
    /// The message.
    pub id: ID,
}

/// What `communicationSettingsUpdate` takes. What is not said stays as it is.
#[derive(Clone, Copy, Debug, InputObject)]
pub struct CommunicationSettingsUpdateInput {
    /// Whether new customers are welcomed.
    pub sends_welcome: Option<bool>,
    /// Whether customers who rise to a tier are congratulated.
    pub sends_upgrade: Option<bool>,
    /// Whether customers who are about to leave are written to.
    pub sends_re_engagement: Option<bool>,
    /// How many marketing messages a customer gets in `marketingCapDays` at most: 0 to 1,000.
    pub marketing_cap: Option<i32>,
    /// The days in which `marketingCap` counts: 1 to 365.
    pub marketing_cap_days: Option<i32>,
    /// After how many days in the queue messages that follow from events, and marketing, are not sent any more: 1 to
    /// 365.
    pub expiry_days: Option<i32>,
}

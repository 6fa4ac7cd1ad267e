//! The messages that follow from events.

use entity::communication::CommunicationPurpose;

/// A message that follows from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Automatic {
    /// To a new customer.
    Welcome,
    /// To a customer who rose to a higher loyalty tier: its name, what it gives, and the discount.
    Upgrade,
    /// To a customer who is about to leave.
    ReEngagement,
}

impl Automatic {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Welcome, Self::Upgrade, Self::ReEngagement];

    /// The template that it is written from.
    #[must_use]
    pub fn template(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::Upgrade => "upgrade",
            Self::ReEngagement => "re-engagement",
        }
    }

    /// What it is for. To bring somebody back is to advertise.
    #[must_use]
    pub fn purpose(self) -> CommunicationPurpose {
        match self {
            Self::Welcome | Self::Upgrade => CommunicationPurpose::Transactional,
            Self::ReEngagement => CommunicationPurpose::Marketing,
        }
    }

    /// The column of `store` that says whether it is sent.
    #[must_use]
    pub fn switch(self) -> &'static str {
        match self {
            Self::Welcome => "sends_welcome",
            Self::Upgrade => "sends_upgrade",
            Self::ReEngagement => "sends_re_engagement",
        }
    }
}

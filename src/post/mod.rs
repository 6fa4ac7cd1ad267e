//! The post: how messages are written and how they leave, whatever they are about.
//!
//! [`Templates`] are files that say what a message is; a [`Mailer`] hands mail to an SMTP server, a [`Gateway`] hands
//! text messages to a service that speaks HTTP. Without one of them, messages for its channel wait.

mod mail;
mod sms;
mod templates;

use std::sync::Arc;

use entity::communication_attempt::AttemptOutcome;

use crate::event::Bell;

pub use mail::{Mail, Mailer, Unsubscription};
pub use sms::Gateway;
pub use templates::{Part, Templates};

/// What one server writes and sends messages with.
#[derive(Clone, Debug)]
pub struct Post {
    /// Rung after messages were queued.
    pub bell: Bell,
    /// What messages are written from.
    pub templates: Arc<Templates>,
    /// What mail leaves by. None where mail is to wait.
    pub mailer: Option<Mailer>,
    /// What text messages leave by. None where they are to wait.
    pub gateway: Option<Gateway>,
}

impl Post {
    /// A post from which nothing leaves.
    #[must_use]
    pub fn new(templates: Templates) -> Self {
        Self { bell: Bell::default(), templates: Arc::new(templates), mailer: None, gateway: None }
    }
}

/// What came of handing a message over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Whether it was taken, and if not, whether to try again.
    pub outcome: AttemptOutcome,
    /// What is known of it without naming anybody, for whoever looks into it.
    pub summary: String,
    /// What the other side answered, as far as it did.
    pub answer: Option<String>,
}

/// The longest answer that is kept, in characters.
const LONGEST_ANSWER: usize = 1_000;

impl Handover {
    fn new(outcome: AttemptOutcome, summary: impl Into<String>, answer: Option<String>) -> Self {
        let answer = answer.map(|text| {
            // PostgreSQL cannot hold U+0000.
            text.chars().filter(|letter| *letter != '\0').take(LONGEST_ANSWER).collect()
        });
        Self { outcome, summary: summary.into(), answer }
    }

    /// It could not be handed over, and never will be as it is.
    #[must_use]
    pub fn refused(summary: impl Into<String>, answer: Option<String>) -> Self {
        Self::new(AttemptOutcome::Refused, summary, answer)
    }

    /// It could not be handed over now.
    #[must_use]
    pub fn delayed(summary: impl Into<String>, answer: Option<String>) -> Self {
        Self::new(AttemptOutcome::Delayed, summary, answer)
    }
}

//! The one source of time and of keys, so that nothing else reads the machine's clock.

use chrono::{DateTime, SubsecRound, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// Where time comes from: the machine, or an instant that tests hold still.
#[derive(Clone, Copy, Debug, Default)]
pub enum Clock {
    /// The machine's clock.
    #[default]
    System,
    /// Always this instant.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The present instant in UTC, in whole milliseconds, which is what the database keeps.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the room that reads the clock")]
    pub fn now(self) -> DateTime<Utc> {
        match self {
            Self::System => Utc::now().trunc_subsecs(3),
            Self::Fixed(instant) => instant,
        }
    }

    /// A new key: a version 7 UUID (RFC 9562, section 5.7), which sorts by the time it was made.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the room that makes keys")]
    pub fn key(self) -> Uuid {
        match self {
            Self::System => Uuid::now_v7(),
            Self::Fixed(instant) => {
                let seconds = u64::try_from(instant.timestamp()).unwrap_or_default();
                Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, instant.timestamp_subsec_nanos()))
            }
        }
    }
}

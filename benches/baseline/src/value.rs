//! Values as the product writes them.

use std::fmt::{self, Display, Formatter};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

/// Milliseconds since 1970, written by RFC 3339.
pub struct Instant(pub i64);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Display for Instant {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let instant = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        formatter.write_str(&instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

/// Cents.
pub struct Money(pub i64);

impl Display for Money {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (sign, cents) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(formatter, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Ten-thousandths of a cent, written with two places and those of the further four that are not zero.
pub struct UnitPrice(pub i64);

impl Display for UnitPrice {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let (major, mut rest) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let mut places = 6;
        while places > 2 && rest % 10 == 0 {
            rest /= 10;
            places -= 1;
        }
        write!(formatter, "{major}.{rest:0places$}")
    }
}

impl Serialize for UnitPrice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The segment by spending.
pub fn spend_segment(total_spent: i64) -> &'static str {
    match total_spent {
        500_000.. => "PREMIUM",
        100_000.. => "STANDARD",
        _ => "BASIC",
    }
}

/// The present.
#[expect(clippy::disallowed_methods, reason = "this server has no clock but the machine's")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

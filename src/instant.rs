//! Instants and days as every face writes them.

use std::{
    fmt::{self, Display, Formatter},
    ops::RangeInclusive,
};

use anyhow::Context;
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};

/// The years that are written with four digits and no sign.
const YEARS: RangeInclusive<i32> = 1..=9999;

/// A day, in milliseconds.
pub const DAY: i64 = 86_400_000;

/// An instant in UTC, in milliseconds; written by RFC 3339, as `2026-11-22T09:30:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Instant(pub DateTime<Utc>);

impl Instant {
    /// Reads an RFC 3339 instant of any offset, or a date, which means its start in UTC. In UTC it is in one
    /// of the years 0001 to 9999, which both databases and every reader of RFC 3339 know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let instant = match DateTime::parse_from_rfc3339(text) {
            Ok(instant) => instant.to_utc(),
            Err(_) => Day::parse(text)?.start(),
        };
        let instant = DateTime::from_timestamp_millis(instant.timestamp_millis())?;
        YEARS.contains(&instant.year()).then_some(Self(instant))
    }

    /// The instant that a database keeps as so many milliseconds since 1970.
    ///
    /// # Errors
    /// When there is none: nothing of ours wrote it.
    pub fn stored(milliseconds: i64) -> anyhow::Result<Self> {
        DateTime::from_timestamp_millis(milliseconds).map(Self).context("an instant in the database is out of range")
    }
}

impl Display for Instant {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A calendar date without a time, as `1990-05-17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(pub NaiveDate);

impl Day {
    /// Reads an ISO 8601 calendar date of the years 0001 to 9999, written as it would be by us.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(Self)?;
        (YEARS.contains(&day.0.year()) && day.to_string() == text).then_some(day)
    }

    /// The first instant of the day in UTC.
    #[must_use]
    pub fn start(self) -> DateTime<Utc> {
        self.0.and_time(chrono::NaiveTime::MIN).and_utc()
    }
}

impl Display for Day {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_in_any_offset_and_written_in_utc() {
        let cases = [
            ("2026-11-22T09:30:00Z", Some("2026-11-22T09:30:00Z")),
            ("2026-11-22T09:30:00+02:00", Some("2026-11-22T07:30:00Z")),
            ("2026-11-22T09:30:00.1239Z", Some("2026-11-22T09:30:00.123Z")),
            ("2026-11-22", Some("2026-11-22T00:00:00Z")),
            ("9999-12-31T23:59:59.999Z", Some("9999-12-31T23:59:59.999Z")),
            ("9999-12-31T23:59:59-01:00", None),
            ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00Z")),
            ("0001-01-01T00:00:00+00:01", None),
            ("0000-12-31T23:59:59Z", None),
            ("2026-02-30", None),
            ("2026-1-2", None),
            ("yesterday", None),
        ];

        for (text, expected) in cases {
            assert_eq!(Instant::parse(text).map(|instant| instant.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn days_are_read_as_they_are_written() {
        for text in ["0001-01-01", "1990-05-17", "2024-02-29", "9999-12-31"] {
            assert_eq!(Day::parse(text).map(|day| day.to_string()).as_deref(), Some(text));
        }
        let refused = [
            "2026-1-2",
            "2026-01-2",
            " 2026-01-02",
            "2026-01-02 ",
            "+2026-01-02",
            "+12345-01-01",
            "12345-01-01",
            "0000-01-01",
            "-0001-01-01",
            "2026-02-29",
            "26-01-02",
            "20260102",
            "",
        ];
        for text in refused {
            assert_eq!(Day::parse(text), None, "{text}");
        }
    }
}

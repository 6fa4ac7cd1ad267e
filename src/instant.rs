//! Instants and days as every face writes them.

use std::{
    fmt::{self, Display, Formatter},
    ops::RangeInclusive,
};

use anyhow::Context;
use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, TimeDelta, Utc};
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

/// So long before an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ago {
    /// Months of the calendar, in UTC.
    months: u32,
    /// Seconds before that.
    seconds: i64,
}

impl Ago {
    /// No time.
    pub const NOW: Self = Self::days(0);

    /// So many days of 24 hours.
    #[must_use]
    pub const fn days(days: i64) -> Self {
        Self { months: 0, seconds: days * (DAY / 1000) }
    }

    /// Reads an ISO 8601 duration of whole parts. Years and months are calendar ones.
    #[must_use]
    pub fn parse(duration: &str) -> Option<Self> {
        let duration = iso8601_duration::Duration::parse(duration).ok()?;
        let parts = [duration.year, duration.month, duration.day, duration.hour, duration.minute, duration.second];
        if parts.iter().any(|part| !(0.0..1e7).contains(part) || part.fract() != 0.0) {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "each part is a whole number below ten million, exact in f32"
        )]
        let [years, months, days, hours, minutes, seconds] = parts.map(|part| part as i64);
        let months = u32::try_from(years.checked_mul(12)?.checked_add(months)?).ok()?;
        let seconds = ((days.checked_mul(24)? + hours) * 60 + minutes).checked_mul(60)?.checked_add(seconds)?;
        Some(Self { months, seconds })
    }

    /// The instant so long before `now`; none before all that can be told.
    #[must_use]
    pub fn before(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        now.checked_sub_months(Months::new(self.months))?.checked_sub_signed(TimeDelta::try_seconds(self.seconds)?)
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

    #[test]
    fn durations_count_back_by_the_calendar() {
        let now = "2026-03-31T12:00:00Z".parse().expect("an instant");
        let cases = [
            ("P30D", Some("2026-03-01T12:00:00Z")),
            ("P1M", Some("2026-02-28T12:00:00Z")),
            ("P1Y", Some("2025-03-31T12:00:00Z")),
            ("PT36H", Some("2026-03-30T00:00:00Z")),
            ("P2W", Some("2026-03-17T12:00:00Z")),
            ("30D", None),
            ("P99999999Y", None),
            ("P-1D", None),
        ];

        for (duration, expected) in cases {
            let expected = expected.map(|text| text.parse::<DateTime<Utc>>().expect("an instant"));
            assert_eq!(Ago::parse(duration).and_then(|ago| ago.before(now)), expected, "{duration}");
        }
    }
}

//! Days, weeks and months of the calendar, in UTC.

use async_graphql::Enum;
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};

use crate::{
    instant::{DAY, Day},
    store::Dialect,
};

/// A day, week or month of the calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CalendarInterval {
    /// A day.
    Day,
    /// A week by ISO 8601, which begins on Monday.
    Week,
    /// A month.
    Month,
}

impl CalendarInterval {
    /// The first days of the last `count` intervals, the last of which holds `at`, and the day after all of them.
    #[must_use]
    pub fn bounds(self, at: DateTime<Utc>, count: u32) -> Vec<NaiveDate> {
        let day = at.date_naive();
        let start = match self {
            Self::Day => day,
            Self::Week => day - Days::new(day.weekday().num_days_from_monday().into()),
            Self::Month => day - Days::new(day.day0().into()),
        };
        let ago = |steps: u32| match self {
            Self::Day => start - Days::new(steps.into()),
            Self::Week => start - Days::new(u64::from(steps) * 7),
            Self::Month => start - Months::new(steps),
        };
        let next = match self {
            Self::Day => start + Days::new(1),
            Self::Week => start + Days::new(7),
            Self::Month => start + Months::new(1),
        };
        (0..count).rev().map(ago).chain([next]).collect()
    }

    /// In SQL, which of the intervals from the first on holds the instant in `column`, counted from 0; `origin` is that
    /// of the first, in SQL. The instant is not before it.
    #[must_use]
    pub fn number(self, dialect: Dialect, column: &str, origin: &str) -> String {
        match self {
            Self::Day => format!("(({column} - {origin}) / {DAY})"),
            Self::Week => format!("(({column} - {origin}) / {})", 7 * DAY),
            Self::Month => format!("({} - {origin})", dialect.month(column)),
        }
    }

    /// From which number on intervals are counted, the first of which begins with the day `first`.
    #[must_use]
    pub fn origin(self, first: NaiveDate) -> i64 {
        if self == Self::Month { month(first) } else { milliseconds(first) }
    }
}

/// The first instant of a day, in milliseconds since 1970.
#[must_use]
pub fn milliseconds(day: NaiveDate) -> i64 {
    Day(day).start().timestamp_millis()
}

/// The number of a day's month, as [`Dialect::month`] counts.
#[must_use]
pub fn month(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_interval_is_that_of_the_instant() {
        let at = |text: &str| text.parse().expect("an instant");
        let cases = [
            (
                CalendarInterval::Day,
                "2026-03-01T00:00:00Z",
                vec!["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"],
            ),
            // A Sunday, and the Monday after it.
            (
                CalendarInterval::Week,
                "2026-11-22T23:59:59Z",
                vec!["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"],
            ),
            (
                CalendarInterval::Week,
                "2026-11-23T00:00:00Z",
                vec!["2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"],
            ),
            (
                CalendarInterval::Month,
                "2026-01-31T12:00:00Z",
                vec!["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"],
            ),
        ];

        for (interval, instant, expected) in cases {
            let bounds: Vec<String> = interval.bounds(at(instant), 3).iter().map(ToString::to_string).collect();
            assert_eq!(bounds, expected, "{interval:?} {instant}");
        }
    }
}

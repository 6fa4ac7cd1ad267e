//! When the events of a file happen: on the dates written, or moved to the present.

use chrono::{DateTime, Days, TimeDelta, Utc};

use crate::instant::Day;

/// How dates are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dates {
    /// As they are written.
    #[default]
    AsWritten,
    /// All moved by the same number of whole days, so that the newest order was placed yesterday in UTC.
    Recent,
}

/// The dates of one import as instants.
#[derive(Clone, Copy, Debug)]
pub struct Calendar {
    now: DateTime<Utc>,
    shift: TimeDelta,
    dates: Dates,
}

impl Calendar {
    /// The calendar of a file whose newest order was placed on `newest`.
    pub fn new(dates: Dates, newest: Option<Day>, now: DateTime<Utc>) -> Self {
        let yesterday = now.date_naive() - Days::new(1);
        let shift = match (dates, newest) {
            (Dates::Recent, Some(newest)) => yesterday - newest.0,
            _ => TimeDelta::zero(),
        };
        Self { now, shift, dates }
    }

    /// By how many days dates are moved.
    pub fn shift_in_days(&self) -> i64 {
        self.shift.num_days()
    }

    /// An instant of the files.
    pub fn moved(&self, instant: DateTime<Utc>) -> DateTime<Utc> {
        instant + self.shift
    }

    /// The start of a day, in the past or in the future: for plans.
    pub fn planned(&self, day: Day) -> DateTime<Utc> {
        self.moved(day.start())
    }

    /// The start of a day on which something happened. Nothing when it has not come yet.
    pub fn past(&self, day: Day) -> Option<DateTime<Utc>> {
        Some(self.planned(day)).filter(|instant| *instant <= self.now)
    }

    /// Whether something dated in the future is only an effect of moving, and so has not happened yet; else
    /// the date is wrong.
    pub fn may_be_early(&self) -> bool {
        self.dates == Dates::Recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_order_is_moved_to_yesterday_and_all_else_with_it() {
        let now = "2026-11-22T09:30:00Z".parse().expect("an instant");
        let day = |text| Day::parse(text).expect("a date");
        let calendar = Calendar::new(Dates::Recent, Some(day("1998-05-06")), now);
        let cases = [
            ("1998-05-06", Some("2026-11-21T00:00:00Z")),
            ("1998-05-07", Some("2026-11-22T00:00:00Z")),
            ("1998-05-08", None),
            ("1998-05-05", Some("2026-11-20T00:00:00Z")),
        ];

        for (written, expected) in cases {
            let expected = expected.map(|text| text.parse::<DateTime<Utc>>().expect("an instant"));
            assert_eq!(calendar.past(day(written)), expected, "{written}");
        }
        assert_eq!(calendar.shift_in_days(), 10_426);
    }
}

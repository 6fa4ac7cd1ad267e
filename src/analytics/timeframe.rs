//! How far back figures look.

use async_graphql::Enum;
use chrono::{DateTime, TimeDelta, Utc};

/// How far back figures look from an instant. Windows are closed, and days have 86,400 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum Timeframe {
    /// 1 day.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
    /// 365 days.
    Year,
}

impl Timeframe {
    /// The first instant of the window that ends at `at`. Source: domain description, "Analytics".
    #[must_use]
    pub fn start(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let days = match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 30,
            Self::Year => 365,
        };
        at - TimeDelta::days(days)
    }
}

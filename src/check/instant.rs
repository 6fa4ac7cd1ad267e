//! Instants of what took place.

use chrono::{DateTime, Utc};

use super::{Check, last};
use crate::{instant::Instant, rejection::RejectionCode};

impl Check {
    /// An instant that is not before `earliest`, if there is such, and not in the future. If not given, `now`, or
    /// `earliest` where that is later: a transaction may have waited for one that began after it.
    pub fn past(
        &mut self,
        path: &str,
        given: Option<Instant>,
        earliest: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> DateTime<Utc> {
        let now = earliest.map_or(now, |earliest| now.max(earliest));
        let at = given.map_or(now, |given| given.0);
        if at > now || earliest.is_some_and(|earliest| at < earliest) {
            let from = earliest.map_or_else(String::new, |earliest| format!("from {} ", Instant(earliest)));
            let message = format!("{}: expected an instant {from}to {}, not {}", last(path), Instant(now), Instant(at));
            self.reject(RejectionCode::Invalid, path, message);
        }
        at
    }
}

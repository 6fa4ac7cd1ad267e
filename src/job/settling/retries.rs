//! When that is tried again which could not be settled.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use tokio::time::Instant;

use super::Task;

/// When something is tried again that could not be settled. If it is its own fault, each further wait is twice as long, up to
/// [`LAST_RETRY`].
pub(super) const FIRST_RETRY: Duration = Duration::from_secs(10);

/// The longest wait until something is tried again.
const LAST_RETRY: Duration = Duration::from_hours(1);

/// What could not be settled, by the version of its row, and when it is tried again.
#[derive(Default)]
pub(super) struct Retries(HashMap<(Task, i32), Retry>);

struct Retry {
    waits: ExponentialBackoff,
    due: Instant,
}

impl Retries {
    /// Those of `unsettled` that are to be tried at `now`. What is settled is forgotten.
    pub(super) fn due(&mut self, mut unsettled: BTreeMap<Task, i32>, now: Instant) -> BTreeMap<Task, i32> {
        self.0.retain(|(task, version), _| unsettled.get(task) == Some(version));
        unsettled.retain(|task, version| self.0.get(&(*task, *version)).is_none_or(|retry| retry.due <= now));
        unsettled
    }

    /// Puts off what could not be settled at `now`, by a fault of its own. Gives for how long.
    pub(super) fn blame(&mut self, task: Task, version: i32, now: Instant) -> Duration {
        let retry = self.entry(task, version, now);
        let wait = retry.waits.next().unwrap_or(LAST_RETRY);
        retry.due = now + wait;
        wait
    }

    /// Puts off what could not be settled at `now`, by no fault of its own.
    pub(super) fn put_off(&mut self, task: Task, version: i32, now: Instant) {
        let retry = self.entry(task, version, now);
        retry.due = retry.due.max(now + FIRST_RETRY);
    }

    fn entry(&mut self, task: Task, version: i32, now: Instant) -> &mut Retry {
        let waits =
            ExponentialBuilder::new().with_min_delay(FIRST_RETRY).with_max_delay(LAST_RETRY).without_max_times();
        self.0.entry((task, version)).or_insert_with(|| Retry { waits: waits.build(), due: now })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_rule_that_fails_is_put_off_for_longer_each_time_until_it_is_another() {
        let (failing, sound) = (Task::Rule(Uuid::from_u128(1)), Task::Program(Uuid::from_u128(2)));
        let new = |version| BTreeMap::from([(failing, version), (sound, 1)]);
        let mut retries = Retries::default();
        let mut now = Instant::now();

        for seconds in [10, 20, 40] {
            assert_eq!(retries.due(new(1), now), new(1));
            assert_eq!(retries.blame(failing, 1, now), Duration::from_secs(seconds));
            assert_eq!(retries.due(new(1), now), BTreeMap::from([(sound, 1)]));
            now += Duration::from_secs(seconds);
        }
        for _ in 0..20 {
            retries.blame(failing, 1, now);
        }

        assert_eq!(retries.blame(failing, 1, now), LAST_RETRY);
        assert_eq!(retries.due(new(2), now), new(2));
        assert_eq!(retries.blame(failing, 2, now), FIRST_RETRY);
    }

    #[test]
    fn a_rule_waits_no_longer_for_what_is_not_its_fault() {
        let rule = Task::Rule(Uuid::from_u128(1));
        let new = || BTreeMap::from([(rule, 1)]);
        let mut retries = Retries::default();
        let mut now = Instant::now();

        for _ in 0..20 {
            retries.put_off(rule, 1, now);
            assert_eq!(retries.due(new(), now + FIRST_RETRY - Duration::from_millis(1)), BTreeMap::new());
            now += FIRST_RETRY;
            assert_eq!(retries.due(new(), now), new());
        }

        assert_eq!(retries.blame(rule, 1, now), FIRST_RETRY);
        assert_eq!(retries.blame(rule, 1, now), FIRST_RETRY * 2);
        retries.put_off(rule, 1, now);
        assert_eq!(retries.due(new(), now + FIRST_RETRY), BTreeMap::new(), "its own fault keeps it waiting");
    }
}

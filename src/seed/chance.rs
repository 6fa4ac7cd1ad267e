//! Chance that can be repeated.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::{Builder, Uuid};

/// A source of chance: the same seed gives the same draws, on every machine.
#[derive(Debug)]
pub struct Chance(ChaCha8Rng);

impl Chance {
    /// Chance by a seed.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The generator itself, for others that draw from it.
    pub fn generator(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }

    /// A version 7 UUID of the instant `at`.
    pub fn key(&mut self, at: DateTime<Utc>) -> Uuid {
        let mut bytes = [0; 10];
        self.0.fill_bytes(&mut bytes);
        let milliseconds = u64::try_from(at.timestamp_millis()).unwrap_or_default();
        Builder::from_unix_timestamp_millis(milliseconds, &bytes).into_uuid()
    }

    /// Whether something happens that does in `percent` of all cases.
    pub fn happens(&mut self, percent: i64) -> bool {
        self.number(1..=100) <= percent
    }

    /// A whole number of the range, which is not empty.
    pub fn number(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.0.random_range(range)
    }

    /// A count of the range, which is not empty.
    pub fn count(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0.random_range(range)
    }

    /// One of `things`, of which there are some.
    pub fn one<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.count(0..=things.len() - 1)]
    }

    /// Up to `most` of `things`, each once, in the order drawn.
    pub fn some<T: Copy + PartialEq>(&mut self, things: &[T], most: usize) -> Vec<T> {
        let mut drawn = Vec::new();
        for _ in 0..self.count(0..=most) {
            let thing = self.one(things);
            if !drawn.contains(&thing) {
                drawn.push(thing);
            }
        }
        drawn
    }

    /// An instant from `start` to `end`, or `start` if that is later, in whole milliseconds.
    pub fn instant(&mut self, start: DateTime<Utc>, end: DateTime<Utc>) -> DateTime<Utc> {
        let span = (end - start).num_milliseconds().max(0);
        start + TimeDelta::milliseconds(self.number(0..=span))
    }

    /// An instant so many `hours` after `start`. Nothing when it has not come by `now`.
    pub fn hours_after(
        &mut self,
        start: DateTime<Utc>,
        hours: RangeInclusive<i64>,
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let instant = start + TimeDelta::seconds(self.number(hours.start() * 3600..=hours.end() * 3600));
        Some(instant).filter(|instant| *instant <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_of_version_7_and_of_their_instant() {
        let at = "2026-11-22T09:30:00.123Z".parse().expect("an instant");

        let key = Chance::new(1).key(at);

        assert_eq!(key.get_version_num(), 7);
        let (seconds, nanoseconds) = key.get_timestamp().expect("a timestamp").to_unix();
        assert_eq!(DateTime::from_timestamp(seconds.cast_signed(), nanoseconds), Some(at));
        assert_eq!(Chance::new(1).key(at), key);
        assert_ne!(Chance::new(2).key(at), key);
    }
}

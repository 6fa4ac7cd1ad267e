//! Chance that can be repeated.

use std::ops::RangeInclusive;

use chrono::{DateTime, TimeDelta, Utc};
use rand::{Rng, RngExt, SeedableRng, rngs::ChaCha8Rng};
use uuid::{Builder, Uuid};

use crate::instant::Day;

/// How many keys are made as though in one millisecond.
const KEYS_IN_A_MILLISECOND: i64 = 1_000;

/// A source of chance: the same seed and instant give the same draws, on every machine.
#[derive(Debug)]
pub struct Chance {
    generator: ChaCha8Rng,
    start: DateTime<Utc>,
    keys: i64,
}

impl Chance {
    /// Chance by a seed, at an instant.
    pub fn new(seed: u64, start: DateTime<Utc>) -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(seed), start, keys: 0 }
    }

    /// The generator itself, for others that draw from it.
    pub fn generator(&mut self) -> &mut ChaCha8Rng {
        &mut self.generator
    }

    /// A version 7 UUID of the instant of the start, or a little later.
    ///
    /// Keys follow each other in time as they are made, whatever they are keys of and however long ago that happened:
    /// so what is written together stands together in the indexes. Keys of random instants would touch all pages of a
    /// large store with each batch.
    pub fn key(&mut self) -> Uuid {
        let mut bytes = [0; 10];
        self.generator.fill_bytes(&mut bytes);
        let milliseconds = self.start.timestamp_millis() + self.keys / KEYS_IN_A_MILLISECOND;
        self.keys += 1;
        Builder::from_unix_timestamp_millis(u64::try_from(milliseconds).unwrap_or_default(), &bytes).into_uuid()
    }

    /// Whether something happens that does in `percent` of all cases.
    pub fn happens(&mut self, percent: i64) -> bool {
        self.number(1..=100) <= percent
    }

    /// A whole number of the range, which is not empty.
    pub fn number(&mut self, range: RangeInclusive<i64>) -> i64 {
        self.generator.random_range(range)
    }

    /// A count of the range, which is not empty.
    pub fn count(&mut self, range: RangeInclusive<usize>) -> usize {
        self.generator.random_range(range)
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

/// The day in UTC from which on keys were made by [`Chance::key`], of which this is one of the first.
pub fn day(key: Uuid) -> Option<Day> {
    let (seconds, _) = key.get_timestamp()?.to_unix();
    DateTime::from_timestamp(seconds.cast_signed(), 0).map(|instant| Day(instant.date_naive()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_of_version_7_and_sort_as_they_are_made() {
        let start: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().expect("an instant");
        let keys = |seed| {
            let mut chance = Chance::new(seed, start);
            let keys: Vec<_> = (0..2_001).map(|_| chance.key()).collect();
            [keys[0], keys[1_000], keys[2_000]]
        };

        let [first, later, last] = keys(1);
        assert_eq!(first.get_version_num(), 7);
        let (seconds, nanoseconds) = first.get_timestamp().expect("a timestamp").to_unix();
        assert_eq!(DateTime::from_timestamp(seconds.cast_signed(), nanoseconds), Some(start));
        assert!(first < later && later < last);
        assert_eq!(keys(1), [first, later, last]);
        assert_ne!(keys(2)[0], first);
    }
}

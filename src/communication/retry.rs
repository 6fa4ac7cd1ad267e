//! When a message is tried again that could not be handed over.

use chrono::TimeDelta;

/// How often a message is tried until it counts as failed. With the waits between them that takes most of a day.
pub const MOST_TRIES: i32 = 12;

/// The longest wait after the first try, in milliseconds: a minute. Each further one is twice as long.
const FIRST_WAIT: i64 = 60_000;

/// The longest wait of all, in milliseconds: six hours.
const LONGEST_WAIT: i64 = 6 * 3_600_000;

/// How long to wait after the `tries`th try, from 1; none when it was the last.
///
/// `chance`, from 0 to 1, draws from the second half of the longest wait, so that messages that failed together are not
/// tried together again.
#[must_use]
pub fn wait(tries: i32, chance: f64) -> Option<TimeDelta> {
    if tries >= MOST_TRIES {
        return None;
    }
    let longest = (1..tries).fold(FIRST_WAIT, |wait, _| (wait * 2).min(LONGEST_WAIT));
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "hours are few milliseconds")]
    let drawn = (longest as f64 * chance.clamp(0.0, 1.0) / 2.0) as i64;
    Some(TimeDelta::milliseconds(longest / 2 + drawn))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_end() {
        let minutes = |tries, chance| wait(tries, chance).map(|wait| wait.as_seconds_f64() / 60.0);

        assert_eq!([1, 2, 3, 9].map(|tries| minutes(tries, 1.0)), [1.0, 2.0, 4.0, 256.0].map(Some));
        assert_eq!([10, 11].map(|tries| minutes(tries, 1.0)), [Some(360.0); 2]);
        assert_eq!([12, 13].map(|tries| minutes(tries, 1.0)), [None; 2]);
        assert_eq!([0.0, 0.5].map(|chance| minutes(1, chance)), [Some(0.5), Some(0.75)]);
    }
}

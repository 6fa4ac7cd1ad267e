//! How a store tells what its customers are worth.

use std::str::FromStr;

use rust_decimal::{Decimal, prelude::ToPrimitive};

use crate::money::Money;

/// What a store settles about lifetime values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Valuation {
    /// What part of revenue a customer is worth.
    pub margin: Margin,
    /// What money is taken to lose in value in a month: 0.01 is one percent.
    pub monthly_discount: f64,
}

impl Default for Valuation {
    fn default() -> Self {
        Self { margin: Margin::WHOLE, monthly_discount: 0.01 }
    }
}

/// A part of revenue: more than none of it, and at most all, to four decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    ten_thousandths: i32,
}

impl Margin {
    /// How many parts revenue is divided into.
    pub const PARTS: i32 = 10_000;
    /// All of it.
    pub const WHOLE: Self = Self { ten_thousandths: Self::PARTS };

    /// So many ten-thousandths. Nothing when they are none, or more than all.
    #[must_use]
    pub fn new(ten_thousandths: i32) -> Option<Self> {
        (1..=Self::PARTS).contains(&ten_thousandths).then_some(Self { ten_thousandths })
    }

    /// How many ten-thousandths it is.
    #[must_use]
    pub fn ten_thousandths(self) -> i32 {
        self.ten_thousandths
    }

    /// The factor that revenue is multiplied by.
    #[must_use]
    pub fn factor(self) -> f64 {
        f64::from(self.ten_thousandths) / f64::from(Self::PARTS)
    }

    /// Its part of `revenue`, rounded half up to the minor unit.
    #[must_use]
    pub fn of(self, revenue: Money) -> Money {
        self.mean(revenue, 1)
    }

    /// Its part of `revenue` divided by `count`, rounded once, half up to the minor unit; 0 for none.
    #[must_use]
    pub fn mean(self, revenue: Money, count: i64) -> Money {
        revenue.part(self.ten_thousandths.into(), i128::from(count) * i128::from(Self::PARTS))
    }
}

impl FromStr for Margin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = Decimal::from_str_exact(text).ok().and_then(|part| part.checked_mul(Self::PARTS.into()));
        let parts = parts.filter(|parts| parts.fract().is_zero()).and_then(|parts| parts.to_i32());
        parts.and_then(Self::new).ok_or_else(|| {
            format!("expected a number above 0 and up to 1 with at most four decimal places, not {text:?}")
        })
    }
}

/// Reads a monthly discount.
///
/// # Errors
/// When it is no number from 0 to less than 1.
pub fn monthly_discount(text: &str) -> Result<f64, String> {
    let discount = text.parse().ok().filter(|discount| (0.0..1.0).contains(discount));
    discount.ok_or_else(|| format!("expected a number from 0 to less than 1, not {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(units: i64) -> Money {
        Money::new(units, "USD".parse().expect("a currency"))
    }

    #[test]
    fn a_margin_is_a_part_of_all_to_four_places() {
        let cases = [
            ("1", Some(10_000)),
            ("1.0000", Some(10_000)),
            ("0.4", Some(4000)),
            ("0.0001", Some(1)),
            ("0.00010", Some(1)),
            ("0.00001", None),
            ("0", None),
            ("-0.4", None),
            ("1.0001", None),
            ("40%", None),
            ("", None),
        ];

        for (text, expected) in cases {
            assert_eq!(text.parse::<Margin>().ok().map(Margin::ten_thousandths), expected, "{text}");
        }
    }

    #[test]
    fn a_part_of_revenue_is_rounded_half_up_and_once() {
        let margin: Margin = "0.4".parse().expect("a margin");
        let half: Margin = "0.5".parse().expect("a margin");
        let cases = [
            (margin, 12_050, 1, 4820),
            (half, 5, 1, 3),
            (half, -5, 1, -2),
            (half, -7, 1, -3),
            (half, 0, 1, 0),
            (half, 5, 0, 0),
            (half, 5, 3, 1),
            (half, -5, 3, -1),
            // Not half of the 1 that half of it would be rounded to.
            (half, 1, 2, 0),
            (Margin::WHOLE, i64::MIN, 1, i64::MIN),
            (Margin::WHOLE, i64::MAX, i64::MAX, 1),
        ];

        for (margin, revenue, count, expected) in cases {
            assert_eq!(margin.mean(dollars(revenue), count).units, expected, "{margin:?} of {revenue} / {count}");
        }
    }

    #[test]
    fn a_discount_takes_a_part_and_never_all() {
        let cases = [("0", Some(0.0)), ("0.01", Some(0.01)), ("1", None), ("-0.01", None), ("NaN", None), ("1%", None)];

        for (text, expected) in cases {
            assert_eq!(monthly_discount(text).ok(), expected, "{text}");
        }
    }
}

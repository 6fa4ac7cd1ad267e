//! Money: integer minor units inside, exact decimals at the edges.

use std::{
    fmt::{self, Display, Formatter},
    str::FromStr,
};

use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Serialize, Serializer};

/// A currency of ISO 4217.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three letters, as `USD`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimal places an amount has: 2 for USD, 0 for JPY.
    #[must_use]
    pub fn exponent(self) -> u32 {
        self.0.exponent().unwrap_or(0).into()
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        iso_currency::Currency::from_code(&code.to_ascii_uppercase())
            .map(Self)
            .ok_or_else(|| format!("{code:?} is not an ISO 4217 currency code such as USD"))
    }
}

/// An exact amount: minor units of its currency, and `EXTRA` further decimal places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount<const EXTRA: u32> {
    /// The amount as an integer.
    pub units: i64,
    /// The decimal places of the currency.
    pub exponent: u32,
}

/// An amount of money in minor units, written with as many places as its currency has.
pub type Money = Amount<0>;

/// The price of one unit, which may be finer than the smallest coin by four places.
pub type UnitPrice = Amount<4>;

impl<const EXTRA: u32> Amount<EXTRA> {
    /// `units` of `currency`.
    #[must_use]
    pub fn new(units: i64, currency: Currency) -> Self {
        Self { units, exponent: currency.exponent() }
    }

    /// Reads a decimal such as `-12.5`. Nothing when it is no decimal, finer than the unit, or too large.
    #[must_use]
    pub fn parse(text: &str, currency: Currency) -> Option<Self> {
        let scale = currency.exponent() + EXTRA;
        let scaled = Decimal::from_str_exact(text).ok()?.checked_mul(Decimal::from(10_u64.pow(scale)))?;
        if !scaled.fract().is_zero() {
            return None;
        }
        Some(Self { units: scaled.to_i64()?, exponent: currency.exponent() })
    }
}

impl Money {
    /// This sum divided by `count`, rounded half up to the minor unit; 0 for none.
    #[must_use]
    pub fn mean(self, count: i64) -> Self {
        self.part(1, count.into())
    }

    /// So many `parts` of this sum, of which there are `all`, rounded half up to the minor unit; 0 where there are none.
    ///
    /// # Panics
    /// When `parts` are more than `all`, and the result is too large: a part lies between the sum and zero.
    #[must_use]
    pub fn part(self, parts: i64, all: i128) -> Self {
        let units = if all <= 0 {
            0
        } else {
            let sum = i128::from(self.units) * i128::from(parts);
            i64::try_from((2 * sum + all).div_euclid(2 * all)).expect("a part lies between the sum and zero")
        };
        Self { units, ..self }
    }
}

impl<const EXTRA: u32> Display for Amount<EXTRA> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let least = self.exponent as usize;
        let scale = self.exponent + EXTRA;
        if scale == 0 {
            return Display::fmt(&self.units, formatter);
        }
        let divisor = 10_u64.pow(scale);
        let magnitude = self.units.unsigned_abs();
        let mut fraction = format!("{:0width$}", magnitude % divisor, width = scale as usize);
        while fraction.len() > least && fraction.ends_with('0') {
            fraction.pop();
        }
        let sign = if self.units < 0 { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        write!(formatter, "{sign}{}{point}{fraction}", magnitude / divisor)
    }
}

impl<const EXTRA: u32> Serialize for Amount<EXTRA> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a known currency")
    }

    #[test]
    fn amounts_are_written_with_the_places_of_their_currency() {
        let cases = [
            ("USD", 0, "0.00"),
            ("USD", -5, "-0.05"),
            ("USD", 123_456, "1234.56"),
            ("JPY", 7, "7"),
            ("KWD", 1, "0.001"),
        ];

        for (code, units, expected) in cases {
            assert_eq!(Money::new(units, currency(code)).to_string(), expected);
        }
    }

    #[test]
    fn unit_prices_drop_the_zeros_that_their_currency_does_not_need() {
        let cases = [(9_800_000, "9.80"), (9_805_000, "9.805"), (1, "0.000001")];

        for (units, expected) in cases {
            assert_eq!(UnitPrice::new(units, currency("USD")).to_string(), expected);
        }
    }

    #[test]
    fn amounts_finer_than_the_smallest_coin_are_refused() {
        let cases = [
            ("12.34", Some(1234)),
            ("-0.5", Some(-50)),
            ("1e3", None),
            ("0.001", None),
            ("99999999999999999999", None),
        ];

        for (text, expected) in cases {
            assert_eq!(Money::parse(text, currency("USD")).map(|money| money.units), expected, "{text}");
        }
    }
}

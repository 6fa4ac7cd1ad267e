//! Amounts of money, prices, rates and currencies.

use std::ops::RangeInclusive;

use rust_decimal::{Decimal, prelude::ToPrimitive};

use super::{Check, last};
use crate::money::{Amount, Currency, Money, UnitPrice};

/// The largest amount that is accepted, in minor units: tens of thousands of the largest orders of one customer can
/// still be added up.
pub const LARGEST_AMOUNT: i64 = 100_000_000_000_000;

/// The largest exchange rate that is accepted, as `entity::order` stores it.
const LARGEST_RATE: i64 = 1_000_000_000_000_000;

/// The decimal places of an exchange rate between currencies of the same exponent.
const RATE_PLACES: u32 = 6;

impl Check {
    /// A currency of ISO 4217.
    pub fn currency(&mut self, path: &str, code: &str) -> Option<Currency> {
        let currency = code.parse().map_err(|message: String| format!("{}: {message}", last(path)));
        self.value(path, currency)
    }

    /// An amount in major units of `currency`: 0 or more, and no finer than its smallest coin.
    pub fn amount(&mut self, path: &str, decimal: &str, currency: Currency) -> Option<Money> {
        self.amount_from(0, path, decimal, currency)
    }

    /// As [`Check::amount`], more than 0.
    pub fn positive_amount(&mut self, path: &str, decimal: &str, currency: Currency) -> Option<Money> {
        self.amount_from(1, path, decimal, currency)
    }

    /// A price in major units of `currency`: 0 or more, with at most four places more than its smallest coin.
    pub fn unit_price(&mut self, path: &str, decimal: &str, currency: Currency) -> Option<UnitPrice> {
        self.amount_from(0, path, decimal, currency)
    }

    /// How much of the store's currency one unit of `currency` is worth, as `entity::order` stores it: minor units of
    /// the store's currency for 1,000,000 minor units of the other.
    pub fn exchange_rate(&mut self, path: &str, decimal: &str, currency: Currency, store: Currency) -> Option<i64> {
        let places = (RATE_PLACES + store.exponent()).saturating_sub(currency.exponent());
        let rate = units(decimal, places, 1..=LARGEST_RATE).map_err(|fault| {
            let expected = match fault {
                Fault::Finer => format!("at most {places} decimal places"),
                Fault::Smaller => "more than 0".to_owned(),
                Fault::Larger => format!("less than {}", Decimal::from(LARGEST_RATE / 10_i64.pow(places))),
            };
            format!("{}: expected {expected}, not {decimal}", last(path))
        });
        self.value(path, rate)
    }

    fn amount_from<const EXTRA: u32>(
        &mut self,
        least: i64,
        path: &str,
        decimal: &str,
        currency: Currency,
    ) -> Option<Amount<EXTRA>> {
        let (places, most) = (currency.exponent() + EXTRA, LARGEST_AMOUNT * 10_i64.pow(EXTRA));
        let units = units(decimal, places, least..=most).map_err(|fault| {
            let expected = match fault {
                Fault::Finer => format!("at most {places} decimal places for {}", currency.code()),
                Fault::Smaller if least > 0 => "more than 0".to_owned(),
                Fault::Smaller => "0 or more".to_owned(),
                Fault::Larger => format!("at most {}", Amount::<EXTRA>::new(most, currency)),
            };
            format!("{}: expected {expected}, not {decimal}", last(path))
        });
        self.value(path, units).map(|units| Amount::new(units, currency))
    }
}

/// What is wrong with a decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Finer than one unit.
    Finer,
    /// Smaller than the least.
    Smaller,
    /// Larger than the most.
    Larger,
}

/// A decimal as a whole number of units, of which `10^places` are one. `decimal` can be read as one.
fn units(decimal: &str, places: u32, range: RangeInclusive<i64>) -> Result<i64, Fault> {
    let value = Decimal::from_str_exact(decimal).map_err(|_| Fault::Finer)?.normalize();
    let scale = Decimal::from(10_u64.pow(places));
    if value > Decimal::from(*range.end()) / scale {
        return Err(Fault::Larger);
    }
    // What is below the range is, whatever its places.
    if value.is_sign_negative() && !value.is_zero() || value.is_zero() && *range.start() > 0 {
        return Err(Fault::Smaller);
    }
    if value.scale() > places {
        return Err(Fault::Finer);
    }
    (value * scale).to_i64().ok_or(Fault::Larger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rejection::Refusal;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency")
    }

    /// What a check makes of a value: its units, or the message why there are none.
    fn told(read: impl FnOnce(&mut Check) -> Option<i64>) -> Result<i64, String> {
        let mut check = Check::default();
        let units = read(&mut check);
        match check.done() {
            Ok(()) => Ok(units.expect("a value without a fault")),
            Err(Refusal::Rejected(errors)) => Err(errors[0].message.clone()),
            Err(Refusal::Failed(failure)) => panic!("{failure:?}"),
        }
    }

    #[test]
    fn amounts_are_whole_coins_that_are_not_negative() {
        let cases = [
            ("USD", "0", Ok(0)),
            ("USD", "-0", Ok(0)),
            ("USD", "0.01", Ok(1)),
            ("USD", "499.99", Ok(49_999)),
            ("USD", "1.50000", Ok(150)),
            ("USD", "1000000000000.00", Ok(LARGEST_AMOUNT)),
            ("USD", "1000000000000.01", Err("tax: expected at most 1000000000000.00, not 1000000000000.01")),
            (
                "USD",
                "79228162514264337593543950335",
                Err("tax: expected at most 1000000000000.00, not 79228162514264337593543950335"),
            ),
            ("USD", "-0.01", Err("tax: expected 0 or more, not -0.01")),
            ("USD", "-0.001", Err("tax: expected 0 or more, not -0.001")),
            ("USD", "0.001", Err("tax: expected at most 2 decimal places for USD, not 0.001")),
            ("JPY", "0.5", Err("tax: expected at most 0 decimal places for JPY, not 0.5")),
            ("KWD", "0.001", Ok(1)),
        ];

        for (code, decimal, expected) in cases {
            let told = told(|check| check.amount("input.tax", decimal, currency(code)).map(|money| money.units));
            assert_eq!(told, expected.map_err(str::to_owned), "{decimal} {code}");
        }
    }

    #[test]
    fn what_is_returned_is_more_than_nothing() {
        let told = |decimal| {
            told(|check| check.positive_amount("input.amount", decimal, currency("USD")).map(|money| money.units))
        };

        assert_eq!(told("0.01"), Ok(1));
        assert_eq!(told("0.00"), Err("amount: expected more than 0, not 0.00".to_owned()));
    }

    #[test]
    fn prices_have_four_places_more() {
        let cases = [
            ("USD", "0.000001", Ok(1)),
            ("JPY", "0.0001", Ok(1)),
            ("USD", "0.0000001", Err("unitPrice: expected at most 6 decimal places for USD, not 0.0000001")),
            ("USD", "1000000000000", Ok(LARGEST_AMOUNT * 10_000)),
        ];

        for (code, decimal, expected) in cases {
            let told = told(|check| {
                check.unit_price("input.items.0.unitPrice", decimal, currency(code)).map(|price| price.units)
            });
            assert_eq!(told, expected.map_err(str::to_owned), "{decimal} {code}");
        }
    }

    #[test]
    fn rates_are_between_minor_units() {
        let cases = [
            ("EUR", "USD", "1.105", Ok(1_105_000)),
            ("JPY", "USD", "0.0067", Ok(670_000)),
            ("USD", "JPY", "150.25", Ok(1_502_500)),
            ("KWD", "USD", "3.25", Ok(325_000)),
            ("EUR", "USD", "0.000001", Ok(1)),
            ("EUR", "USD", "0.0000001", Err("exchangeRate: expected at most 6 decimal places, not 0.0000001")),
            ("USD", "JPY", "150.25001", Err("exchangeRate: expected at most 4 decimal places, not 150.25001")),
            ("EUR", "USD", "0", Err("exchangeRate: expected more than 0, not 0")),
            ("EUR", "USD", "-1", Err("exchangeRate: expected more than 0, not -1")),
        ];

        for (code, store, decimal, expected) in cases {
            let told =
                told(|check| check.exchange_rate("input.exchangeRate", decimal, currency(code), currency(store)));
            assert_eq!(told, expected.map_err(str::to_owned), "{decimal} {code}");
        }
    }

    #[test]
    fn currencies_are_those_of_iso_4217() {
        let mut check = Check::default();

        assert_eq!(check.currency("input.currency", "eur"), Some(currency("EUR")));
        assert_eq!(check.currency("input.currency", "euro"), None);
        assert!(check.done().is_err());
    }
}

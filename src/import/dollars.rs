//! Figures as both example shops write them: US dollars, and fractions of 1.

use rust_decimal::Decimal;

use super::value::Value;
use crate::money::{Currency, Money, UnitPrice};

/// The code of the currency of both shops.
pub const CODE: &str = "USD";

/// An amount in cents, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dollars(pub i64);

/// A unit price in ten-thousandths of a cent, not negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitDollars(pub i64);

/// A fraction from 0 to 1, such as a discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction(Decimal);

impl Fraction {
    /// This part of `units`. Nothing when it is no whole number.
    pub fn of(self, units: i64) -> Option<i64> {
        let part = self.0.checked_mul(Decimal::from(units))?;
        if part.fract().is_zero() { part.trunc().try_into().ok() } else { None }
    }
}

impl Value for Dollars {
    fn read(text: &str) -> Result<Self, String> {
        let parsed = Money::parse(text, dollars()?).filter(|amount| amount.units >= 0);
        let wrong = || format!("{text:?} is not an amount in dollars and cents, such as 12.50");
        parsed.map(|amount| Self(amount.units)).ok_or_else(wrong)
    }
}

impl Value for UnitDollars {
    fn read(text: &str) -> Result<Self, String> {
        let parsed = UnitPrice::parse(text, dollars()?).filter(|amount| amount.units >= 0);
        let wrong = || format!("{text:?} is not a price in dollars with at most six places");
        parsed.map(|amount| Self(amount.units)).ok_or_else(wrong)
    }
}

impl Value for Fraction {
    fn read(text: &str) -> Result<Self, String> {
        let fraction = Decimal::from_str_exact(text).ok();
        let fraction = fraction.filter(|fraction| (Decimal::ZERO..=Decimal::ONE).contains(fraction));
        fraction.map(Self).ok_or_else(|| format!("{text:?} is not a fraction from 0 to 1, such as 0.15"))
    }
}

fn dollars() -> Result<Currency, String> {
    CODE.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_discount_is_exact_or_refused() {
        let fifteen = Fraction::read("0.15").expect("a fraction");

        assert_eq!(fifteen.of(14_400_000 * 7), Some(15_120_000));
        assert_eq!(fifteen.of(1), None);
        assert!(Fraction::read("1.5").is_err());
    }
}

//! What a customer is expected to bring, and amounts of money between the model and the store.

use super::bg_nbd::BgNbd;
use crate::money::Currency;

/// How many months a predicted value looks ahead.
const MONTHS: u8 = 12;
/// Weeks in a month.
const WEEKS_A_MONTH: f64 = 4.345;
/// What money loses in value in a month.
pub const MONTHLY_DISCOUNT: f64 = 0.01;

/// How many days with a purchase the next 12 months bring if the customer is alive, each month's discounted from its
/// end by `monthly_discount`: `Σ (E[Y(mτ)] − E[Y((m−1)τ)]) / (1+d)^m` without `P(alive)`. Times that and the expected
/// average value, it is the predicted lifetime value.
#[must_use]
pub fn discounted_purchases_if_alive(model: &BgNbd, repeats: u32, age_days: u32, monthly_discount: f64) -> f64 {
    let (mut discounted, mut before) = (0.0, 0.0);
    for month in 1..=MONTHS {
        let time = f64::from(month) * WEEKS_A_MONTH;
        let purchases = model.expected_purchases_if_alive(repeats, age_days, time);
        discounted += (purchases - before) / (1.0 + monthly_discount).powi(month.into());
        before = purchases;
    }
    discounted
}

/// An amount in minor units as the model has it.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "amounts below 2^53 minor units are exact, and others are predictions")]
pub fn major_units(minor: i64, currency: Currency) -> f64 {
    minor as f64 / minor_units_in(currency)
}

/// An amount of the model in minor units, rounded half up.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the cast stays in the range of the type by itself")]
pub fn minor_units(major: f64, currency: Currency) -> i64 {
    (major * minor_units_in(currency) + 0.5).floor() as i64
}

/// How many minor units one major unit is.
fn minor_units_in(currency: Currency) -> f64 {
    (0..currency.exponent()).fold(1.0, |units, _| units * 10.0)
}

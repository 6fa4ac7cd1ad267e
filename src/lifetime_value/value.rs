//! What a customer is expected to bring, and amounts of money between the model and the store.

use super::bg_nbd::BgNbd;
use crate::money::Currency;

/// How many months a predicted value looks ahead.
const MONTHS: u8 = 12;
/// Weeks in a month.
const WEEKS_A_MONTH: f64 = 4.345;

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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::lifetime_value::{bg_nbd::History, gamma_gamma::GammaGamma};

    /// By which the expected values were computed.
    const MONTHLY_DISCOUNT: f64 = 0.01;

    const EXPECTED: &str = include_str!("../../tests/data/lifetime_value/expected.json");

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency")
    }

    #[test]
    fn predicted_values_are_those_of_the_formula() {
        let expected: Value = serde_json::from_str(EXPECTED).expect("JSON");
        let number = |value: &Value| value.as_f64().expect("a number");
        for run in ["calibration", "whole"].map(|run| &expected[run]) {
            let of = |model: &str, name: &str| number(&run[model][name]);
            let amounts = GammaGamma { p: of("gammaGamma", "p"), q: of("gammaGamma", "q"), v: of("gammaGamma", "v") };
            let purchases =
                BgNbd { r: of("bgNbd", "r"), alpha: of("bgNbd", "alpha"), a: of("bgNbd", "a"), b: of("bgNbd", "b") };
            for customer in run["predictions"].as_array().expect("a list") {
                let [repeats, recency_days, age_days] = ["repeats", "recencyDays", "ageDays"]
                    .map(|name| u32::try_from(customer[name].as_u64().expect("a number")).expect("a small one"));
                let history = History { repeats, recency_days, age_days };
                let spent = customer["repeatSpent"].as_str().expect("an amount").parse().expect("a number");
                let average = amounts.expected_average_value(repeats, spent).expect("a mean");
                let discounted = discounted_purchases_if_alive(&purchases, repeats, age_days, MONTHLY_DISCOUNT);
                let value = average * purchases.p_alive(history) * discounted;
                assert!(
                    (value / number(&customer["predictedLifetimeValue"]) - 1.0).abs() < 1e-9,
                    "{customer}: {value}"
                );
            }
        }
    }

    #[test]
    fn without_a_discount_a_year_is_as_many_purchases_as_are_expected() {
        let model = BgNbd { r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
        let year = model.expected_purchases_if_alive(4, 273, 12.0 * WEEKS_A_MONTH);

        assert!((discounted_purchases_if_alive(&model, 4, 273, 0.0) - year).abs() < 1e-9);
        assert!(discounted_purchases_if_alive(&model, 4, 273, MONTHLY_DISCOUNT) < year);
    }

    #[test]
    fn amounts_are_rounded_half_up_to_the_smallest_coin() {
        let cases =
            [("USD", 12.344_9, 1234), ("USD", 12.375, 1238), ("USD", 0.0, 0), ("JPY", 2.5, 3), ("KWD", 1.000_5, 1001)];

        for (code, amount, expected) in cases {
            assert_eq!(minor_units(amount, currency(code)), expected, "{amount} {code}");
        }
        assert!((major_units(1234, currency("KWD")) - 1.234).abs() < 1e-12);
    }
}

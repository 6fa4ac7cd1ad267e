//! The model of a store: both parts fitted, or the reason why not.

use entity::lifetime_value_run::NoFit;

use super::{
    bg_nbd::{BgNbd, Histories},
    gamma_gamma::{GammaGamma, Spending},
};

/// From fewer customers than this, nothing is told of all others.
const FEWEST_CUSTOMERS: i64 = 10;

/// What was found, each with the logarithm of its likelihood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fit {
    /// When customers buy.
    pub purchases: Option<(BgNbd, f64)>,
    /// How much they spend. For `q <= 1` it has no mean, and nothing is predicted from it.
    pub amounts: Option<(GammaGamma, f64)>,
    /// What is missing, and why.
    pub no_fit: Option<NoFit>,
}

impl Fit {
    /// Fits both parts. Without the first there is no second.
    #[must_use]
    pub fn of(histories: &Histories, spending: &Spending) -> Self {
        let none = |reason| Self { purchases: None, amounts: None, no_fit: Some(reason) };
        if histories.repeat_customers() < FEWEST_CUSTOMERS {
            return none(NoFit::TooFewRepeatCustomers);
        }
        let Some(purchases) = BgNbd::fit(histories) else { return none(NoFit::NoConvergence) };
        let without = |reason| Self { purchases: Some(purchases), amounts: None, no_fit: Some(reason) };
        if spending.customers() < FEWEST_CUSTOMERS {
            return without(NoFit::TooFewAmounts);
        }
        let Some(amounts) = GammaGamma::fit(spending) else { return without(NoFit::NoConvergenceOfAmounts) };
        let no_fit = (amounts.0.q <= 1.0).then_some(NoFit::NoMeanAmount);
        Self { purchases: Some(purchases), amounts: Some(amounts), no_fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifetime_value::bg_nbd::History;

    /// So many customers: each bought on several days, and their histories differ.
    fn repeaters(customers: u32) -> Histories {
        (0..customers)
            .map(|n| History { repeats: 1 + n % 5, recency_days: 20 + 7 * n, age_days: 150 + 9 * n })
            .collect()
    }

    fn amounts(customers: u32, amount: impl Fn(u32) -> f64) -> Spending {
        (0..customers).map(|n| (1 + n % 5, f64::from(1 + n % 5) * amount(n))).collect()
    }

    #[test]
    fn ten_customers_are_enough_and_nine_are_not() {
        let spread = |n| 10.0 + 7.0 * f64::from(n % 4);
        assert_eq!(Fit::of(&Histories::default(), &Spending::default()).no_fit, Some(NoFit::TooFewRepeatCustomers));
        assert_eq!(Fit::of(&repeaters(9), &amounts(9, spread)).no_fit, Some(NoFit::TooFewRepeatCustomers));

        let fit = Fit::of(&repeaters(10), &amounts(10, spread));

        assert!(fit.purchases.is_some());
        assert_ne!(fit.no_fit, Some(NoFit::TooFewRepeatCustomers));
    }

    #[test]
    fn what_is_missing_is_told_with_the_reason() {
        let cases = [
            (amounts(40, |_| 0.0), NoFit::TooFewAmounts),
            (amounts(40, |_| 60.0), NoFit::NoConvergenceOfAmounts),
            (amounts(40, |n| f64::from(n).exp()), NoFit::NoMeanAmount),
        ];

        for (spending, expected) in cases {
            let fit = Fit::of(&repeaters(40), &spending);

            assert_eq!(fit.no_fit, Some(expected));
            assert!(fit.purchases.is_some());
            let average = fit.amounts.and_then(|(model, _)| model.expected_average_value(1, 10.0));
            assert_eq!(average, None, "{expected:?}");
        }
    }
}

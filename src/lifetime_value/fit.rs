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

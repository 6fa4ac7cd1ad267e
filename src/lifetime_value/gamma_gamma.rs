//! Gamma-gamma: how much customers spend on a day on which they buy.
//!
//! What a customer spends varies around a mean of their own by a gamma distribution of shape `p`; the means are spread
//! over customers by another (`q`, `v`), and do not depend on how often they buy. Source: Fader & Hardie (2013), The
//! Gamma-Gamma Model of Monetary Value, brucehardie.com/notes/025.

use std::collections::BTreeMap;

use statrs::function::gamma::{digamma, ln_gamma};

use super::maximum::{LogLikelihood, maximum};

/// The model's parameters, all positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GammaGamma {
    /// Shape of what a customer spends on a day.
    pub p: f64,
    /// Shape of the scales of customers.
    pub q: f64,
    /// Scale of the scales of customers, in major units of the currency.
    pub v: f64,
}

/// What customers spent on all their repeat days together, in major units, by the number of those days. Customers
/// without such days, or who spent nothing on them, say nothing of amounts and are left out.
#[derive(Clone, Debug, Default)]
pub struct Spending {
    by_repeats: BTreeMap<u32, Vec<f64>>,
    customers: u32,
    /// The sum of the logarithms of amounts, each times the number of days.
    weighted_logarithms: f64,
    /// The sum of the logarithms of mean amounts.
    mean_logarithms: f64,
    /// The sum of mean amounts.
    means: f64,
}

impl Extend<(u32, f64)> for Spending {
    fn extend<I: IntoIterator<Item = (u32, f64)>>(&mut self, amounts: I) {
        for (repeats, amount) in amounts {
            if repeats == 0 || amount <= 0.0 {
                continue;
            }
            let days = f64::from(repeats);
            self.customers += 1;
            self.weighted_logarithms += days * amount.ln();
            self.mean_logarithms += (amount / days).ln();
            self.means += amount / days;
            self.by_repeats.entry(repeats).or_default().push(amount);
        }
    }
}

impl FromIterator<(u32, f64)> for Spending {
    fn from_iter<I: IntoIterator<Item = (u32, f64)>>(amounts: I) -> Self {
        let mut all = Self::default();
        all.extend(amounts);
        all
    }
}

impl Spending {
    /// How many customers it is of.
    #[must_use]
    pub fn customers(&self) -> i64 {
        self.customers.into()
    }
}

impl LogLikelihood<3> for Spending {
    fn customers(&self) -> f64 {
        self.customers.into()
    }

    /// The sum over customers of
    /// `ln [ Γ(px+q) / (Γ(px) Γ(q)) · v^q · z̄^(px−1) · x^(px) / (v + x z̄)^(px+q) ]`.
    fn at(&self, [p, q, v]: [f64; 3]) -> (f64, [f64; 3]) {
        let mut value = p * self.weighted_logarithms - self.mean_logarithms;
        let (mut by_p, mut by_q, mut by_v) = (self.weighted_logarithms, 0.0, 0.0);
        let (ln_gamma_q, digamma_q) = (ln_gamma(q), digamma(q));
        for (repeats, amounts) in &self.by_repeats {
            let days = f64::from(*repeats);
            let shape = p * days;
            // Of `v + x z̄`: the logarithms beyond that of v, and what v is of it.
            let (mut beyond, mut parts, mut customers) = (0.0, 0.0, 0.0);
            for amount in amounts {
                beyond += (amount / v).ln_1p();
                parts += v / (v + amount);
                customers += 1.0;
            }
            let digamma_both = digamma(shape + q);
            let logarithms = beyond + customers * v.ln();
            value += customers * (ln_gamma(shape + q) - ln_gamma(shape) - ln_gamma_q);
            value -= shape * logarithms + q * beyond;
            by_p += days * (customers * (digamma_both - digamma(shape)) - logarithms);
            by_q += customers * (digamma_both - digamma_q) - beyond;
            by_v += customers * q - (shape + q) * parts;
        }
        (value, [p * by_p, q * by_q, by_v])
    }
}

impl GammaGamma {
    /// The parameters under which `spending` is likeliest, with the logarithm of that likelihood. None if they cannot
    /// be found.
    #[must_use]
    pub fn fit(spending: &Spending) -> Option<(Self, f64)> {
        let mean = spending.means / f64::from(spending.customers);
        let starts = [(1.0, 2.0), (6.0, 4.0), (2.0, 20.0), (30.0, 3.0)];
        let found = maximum(spending, &starts.map(|(p, q)| [p, q, mean * (q - 1.0) / p]))?;
        let [p, q, v] = found.parameters;
        Some((Self { p, q, v }, found.log_likelihood))
    }

    /// The logarithm of the likelihood of `spending`.
    #[must_use]
    pub fn log_likelihood(&self, spending: &Spending) -> f64 {
        spending.at([self.p, self.q, self.v]).0
    }

    /// What the customer is expected to spend on a day on which they buy, in major units:
    /// `p (v + x z̄) / (p x + q − 1)`. `spent` is `x z̄`, all that they spent on their repeat days.
    ///
    /// None for `q <= 1`, where customers have no mean.
    #[must_use]
    pub fn expected_average_value(&self, repeats: u32, spent: f64) -> Option<f64> {
        (self.q > 1.0).then(|| self.p * (self.v + spent) / (self.p * f64::from(repeats) + self.q - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const PUBLISHED: &str = include_str!("../../tests/data/lifetime_value/cdnow_summary_published.csv");
    const REFERENCE: &str = include_str!("../../tests/data/lifetime_value/published_reference.json");

    fn reference() -> Value {
        let reference: Value = serde_json::from_str(REFERENCE).expect("JSON");
        reference["gammaGamma"].clone()
    }

    fn published() -> Vec<(u32, f64)> {
        let rows = PUBLISHED.lines().skip(1).map(|line| {
            let fields: Vec<_> = line.split(',').collect();
            let repeats: u32 = fields[2].parse().expect("x");
            (repeats, f64::from(repeats) * fields[5].parse::<f64>().expect("an amount"))
        });
        rows.collect()
    }

    #[test]
    fn the_sample_of_the_note_gives_its_parameters() {
        let spending: Spending = published().into_iter().collect();
        let expected = reference();

        let (model, _) = GammaGamma::fit(&spending).expect("a fit");

        assert_eq!(spending.customers(), 946);
        for (name, value) in [("p", model.p), ("q", model.q), ("v", model.v)] {
            let expected = expected[name].as_f64().expect("a number");
            assert!((value / expected - 1.0).abs() < 0.002, "{name}: {value}, expected {expected}");
        }
    }

    #[test]
    fn average_values_are_those_of_the_note() {
        let expected = reference();
        let [p, q, v] = ["p", "q", "v"].map(|name| expected[name].as_f64().expect("a number"));
        let model = GammaGamma { p, q, v };
        let averages = expected["expectedAverageValueOfSampleIds1to10"].as_array().expect("a list");

        for ((repeats, spent), expected) in published().into_iter().zip(averages) {
            let average = model.expected_average_value(repeats, spent).expect("a mean");
            let expected = expected.as_f64().expect("a number");
            assert!((average - expected).abs() <= 0.1, "{average}, expected {expected}");
        }
    }

    #[test]
    fn slopes_are_those_of_the_likelihood() {
        let spending: Spending = published().into_iter().collect();
        for parameters in [[5.0, 3.0, 20.0], [0.8, 30.0, 400.0]] {
            let (_, slopes) = spending.at(parameters);
            for (index, slope) in slopes.into_iter().enumerate() {
                let beside = |step: f64| {
                    let mut parameters = parameters;
                    parameters[index] *= step.exp();
                    spending.at(parameters).0
                };
                let measured = (beside(1e-5) - beside(-1e-5)) / 2e-5;
                assert!((slope - measured).abs() < 1e-3 * (1.0 + slope.abs()), "{index}: {slope}, {measured}");
            }
        }
    }

    #[test]
    fn without_a_mean_there_is_no_average_value() {
        assert_eq!(GammaGamma { p: 1.0, q: 1.0, v: 5.0 }.expected_average_value(3, 60.0), None);
    }

    proptest! {
        #[test]
        fn an_average_value_lies_between_that_of_the_customer_and_that_of_all(
            p in 0.1..50.0_f64, q in 1.1..50.0_f64, v in 0.1..500.0_f64, repeats in 1..100_u32, mean in 0.01..1000.0_f64,
        ) {
            let model = GammaGamma { p, q, v };
            let of_all = model.expected_average_value(0, 0.0).expect("a mean");
            let average = model.expected_average_value(repeats, f64::from(repeats) * mean).expect("a mean");
            prop_assert!((of_all - p * v / (q - 1.0)).abs() < 1e-9 * of_all);
            let (least, greatest) = (of_all.min(mean), of_all.max(mean));
            prop_assert!(least * (1.0 - 1e-9) <= average && average <= greatest * (1.0 + 1e-9));
        }
    }
}

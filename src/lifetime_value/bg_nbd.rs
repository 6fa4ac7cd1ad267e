//! BG/NBD: how often customers buy, and whether they still do.
//!
//! While a customer is alive, they buy at random at a rate of their own, and after each purchase they leave for good
//! with a probability of their own. Rates are spread over customers by a gamma distribution (`r`, `alpha`),
//! probabilities by a beta distribution (`a`, `b`). Source: Fader, Hardie & Lee (2005), "Counting Your Customers" the
//! Easy Way, Marketing Science 24(2), 275–284.

use std::collections::BTreeMap;

use super::maximum::{LogLikelihood, maximum};

/// Days in a week, the model's unit of time.
const WEEK: f64 = 7.0;
/// A rate of purchase cannot be told below this `alpha`, in weeks: some ten minutes, while purchases are told by day.
const LEAST_ALPHA: f64 = 1e-3;
/// How exact expected purchases are, as a part of them.
const PRECISION: f64 = 1e-12;

/// What the model knows of a customer with a purchase, in whole days of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct History {
    /// Days with a purchase after the first one: the model's x.
    pub repeats: u32,
    /// From the first to the last of them: the model's `t_x`. 0 without repeats.
    pub recency_days: u32,
    /// From the first purchase to the instant that is looked from: the model's T.
    pub age_days: u32,
}

/// The model's parameters, all positive. Time is in weeks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BgNbd {
    /// Shape of the rates of purchase.
    pub r: f64,
    /// Scale of the rates of purchase: their mean is `r / alpha` a week.
    pub alpha: f64,
    /// Shape of the probabilities to leave: their mean is `a / (a + b)`.
    pub a: f64,
    /// The other shape of the probabilities to leave.
    pub b: f64,
}

/// Histories, each with how many customers have it. The likelihood knows no more of them, so that a million customers
/// cost no more than the histories they differ by.
#[derive(Clone, Debug, Default)]
pub struct Histories(BTreeMap<History, u32>);

impl Extend<History> for Histories {
    fn extend<I: IntoIterator<Item = History>>(&mut self, histories: I) {
        for history in histories {
            *self.0.entry(history).or_default() += 1;
        }
    }
}

impl FromIterator<History> for Histories {
    fn from_iter<I: IntoIterator<Item = History>>(histories: I) -> Self {
        let mut all = Self::default();
        all.extend(histories);
        all
    }
}

impl Histories {
    /// How many customers there are.
    #[must_use]
    pub fn customers(&self) -> i64 {
        self.0.values().copied().map(i64::from).sum()
    }

    /// How many of them have a repeat.
    #[must_use]
    pub fn repeat_customers(&self) -> i64 {
        let repeated = self.0.iter().filter(|(history, _)| history.repeats > 0);
        repeated.map(|(_, customers)| i64::from(*customers)).sum()
    }
}

/// The likelihood of histories.
struct Likelihood {
    groups: Vec<(History, f64)>,
    /// How many customers have more repeats than the index.
    beyond: Vec<f64>,
    /// The greatest number of days in a history.
    most_days: u32,
    customers: f64,
    repeats: f64,
    /// How many weeks all customers have been known together.
    weeks: f64,
}

impl From<&Histories> for Likelihood {
    fn from(histories: &Histories) -> Self {
        let groups: Vec<_> = histories.0.iter().map(|(history, customers)| (*history, f64::from(*customers))).collect();
        let most_repeats = groups.iter().map(|(history, _)| history.repeats).max().unwrap_or_default();
        let mut beyond = vec![0.0; most_repeats as usize];
        for (history, customers) in &groups {
            beyond.iter_mut().take(history.repeats as usize).for_each(|beyond| *beyond += customers);
        }
        Self {
            most_days: groups.iter().map(|(history, _)| history.age_days).max().unwrap_or_default(),
            customers: groups.iter().map(|(_, customers)| customers).sum(),
            repeats: beyond.iter().sum(),
            weeks: groups.iter().map(|(history, customers)| customers * weeks(history.age_days)).sum(),
            beyond,
            groups,
        }
    }
}

impl LogLikelihood<4> for Likelihood {
    fn customers(&self) -> f64 {
        self.customers
    }

    /// The sum over customers of
    /// `ln [ Γ(r+x) α^r / Γ(r) · Γ(a+b) Γ(b+x) / (Γ(b) Γ(a+b+x)) · ( (α+T)^-(r+x) + δ a/(b+x−1) (α+t_x)^-(r+x) ) ]`.
    ///
    /// As x is a whole number, quotients of gamma functions are products, `Γ(r+x) / Γ(r) = r (r+1) … (r+x−1)`, which
    /// lose no digits where `b` or `r` are large. `(α+T)^-(r+x)` is written as `α^-(r+x) (1 + T/α)^-(r+x)`, so that the
    /// power of α can be taken out.
    fn at(&self, [r, alpha, a, b]: [f64; 4]) -> (f64, [f64; 4]) {
        let mut value = -self.repeats * alpha.ln();
        let (mut by_r, mut by_alpha, mut by_a, mut by_b) = (0.0, -self.repeats, 0.0, 0.0);
        let mut k = 0.0;
        let mut leaving = Vec::with_capacity(self.beyond.len());
        for customers in &self.beyond {
            value += customers * ((r + k).ln() - (a / (b + k)).ln_1p());
            by_r += customers * r / (r + k);
            by_a -= customers * a / (a + b + k);
            by_b += customers * b * a / ((b + k) * (a + b + k));
            leaving.push((a.ln() - (b + k).ln(), b / (b + k)));
            k += 1.0;
        }
        // `ln(1 + t/α)` and its derivative by ln α, with the sign changed, for each number of days that there may be.
        let times = (0..=self.most_days).map(weeks);
        let days: Vec<_> = times.map(|time| ((time / alpha).ln_1p(), time / (alpha + time))).collect();
        for (history, customers) in &self.groups {
            let shape = r + f64::from(history.repeats);
            let (age, age_by_alpha) = days[history.age_days as usize];
            let Some(last) = history.repeats.checked_sub(1) else {
                value -= customers * shape * age;
                by_r -= customers * r * age;
                by_alpha += customers * shape * age_by_alpha;
                continue;
            };
            let (recency, recency_by_alpha) = days[history.recency_days as usize];
            let (leaving, leaving_by_b) = leaving[last as usize];
            // The logarithms of the two summands, and the part of each in the sum.
            let (alive, left) = (-shape * age, leaving - shape * recency);
            let lesser = (-(alive - left).abs()).exp();
            let (lesser_part, greater_part) = (lesser / (1.0 + lesser), 1.0 / (1.0 + lesser));
            let (p_alive, p_left) =
                if alive < left { (lesser_part, greater_part) } else { (greater_part, lesser_part) };
            value += customers * (alive.max(left) + lesser.ln_1p());
            by_r -= customers * r * (p_alive * age + p_left * recency);
            by_alpha += customers * shape * (p_alive * age_by_alpha + p_left * recency_by_alpha);
            by_a += customers * p_left;
            by_b -= customers * p_left * leaving_by_b;
        }
        (value, [by_r, by_alpha, by_a, by_b])
    }
}

fn weeks(days: u32) -> f64 {
    f64::from(days) / WEEK
}

impl BgNbd {
    /// The parameters under which `histories` are likeliest, with the logarithm of that likelihood. None if they
    /// cannot be found.
    #[must_use]
    pub fn fit(histories: &Histories) -> Option<(Self, f64)> {
        // The rate of purchase if nobody ever left.
        let likelihood = Likelihood::from(histories);
        let rate = likelihood.repeats / likelihood.weeks.max(1.0);
        let starts = [(1.0, 1.0, 1.0), (0.25, 0.8, 2.5), (0.5, 2.0, 20.0), (5.0, 0.05, 5.0)];
        let found = maximum(&likelihood, &starts.map(|(r, a, b)| [r, r / rate, a, b]))?;
        let [r, alpha, a, b] = found.parameters;
        (alpha >= LEAST_ALPHA).then_some((Self { r, alpha, a, b }, found.log_likelihood))
    }

    /// The logarithm of the likelihood of `histories`.
    #[must_use]
    pub fn log_likelihood(&self, histories: &Histories) -> f64 {
        Likelihood::from(histories).at([self.r, self.alpha, self.a, self.b]).0
    }

    /// The probability that the customer has not left: `1 / (1 + δ a/(b+x−1) ((α+T)/(α+t_x))^(r+x))`. Without repeats
    /// it is 1 by the model's construction, since nobody leaves before their first repeat.
    #[must_use]
    pub fn p_alive(&self, history: History) -> f64 {
        if history.repeats == 0 {
            return 1.0;
        }
        let repeats = f64::from(history.repeats);
        let (age, recency) = (weeks(history.age_days), weeks(history.recency_days));
        let idle = ((age - recency) / (self.alpha + recency)).ln_1p();
        let odds = self.a.ln() - (self.b + repeats - 1.0).ln() + (self.r + repeats) * idle;
        1.0 / (1.0 + odds.exp())
    }

    /// On how many days the customer is expected to buy in the next `weeks`.
    #[must_use]
    pub fn expected_purchases(&self, history: History, weeks: f64) -> f64 {
        self.p_alive(history) * self.expected_purchases_if_alive(history.repeats, history.age_days, weeks)
    }

    /// On how many days a new customer is expected to buy again in the `weeks` after the first purchase.
    #[must_use]
    pub fn expected_purchases_of_new(&self, weeks: f64) -> f64 {
        self.expected_purchases_if_alive(0, 0, weeks)
    }

    /// As [`BgNbd::expected_purchases`], if the customer is alive.
    ///
    /// With `s = r + x`, `B = b + x`, `C = a + b + x − 1` and `z = t / (α + T + t)` this is
    /// `C / (a−1) · [1 − (1−z)^s ₂F₁(s, B; C; z)]`. The terms of `(1−z)^s ₂F₁` are the probabilities `f(n)` of a
    /// negative binomial distribution, of n purchases by a customer who never leaves, times `(B)_n / (C)_n`. Their sum
    /// being 1, the bracket is the sum of `f(n) [1 − (B)_n / (C)_n]`, and what stands beside `f(n)`, with the factor
    /// before the bracket, is the sum over k < n of `(b+x)_k / (a+b+x)_k`: the probability to be still alive for the
    /// purchase after k others. So the sum has positive terms only, whatever the parameters, and nothing is divided by
    /// `a − 1`.
    #[must_use]
    pub fn expected_purchases_if_alive(&self, repeats: u32, age_days: u32, time: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        let (repeats, scale) = (f64::from(repeats), self.alpha + weeks(age_days));
        let (shape, z) = (self.r + repeats, time / (scale + time));
        // The first probabilities may be too small for a number, and those that count are none the less.
        let mut ln_probability = -shape * (time / scale).ln_1p();
        let (mut staying, mut purchases, mut expected) = (1.0, 0.0, 0.0);
        let mut n = 0.0;
        loop {
            ln_probability += (z * (shape + n) / (n + 1.0)).ln();
            let probability = ln_probability.exp();
            purchases += staying;
            staying *= (self.b + repeats + n) / (self.a + self.b + repeats + n);
            n += 1.0;
            expected += probability * purchases;
            // From here on probabilities fall at least by this factor, and purchases grow by less than `staying`.
            let falling = (z * (shape + n) / (n + 1.0)).max(z);
            if falling < 1.0 {
                let rest = probability * falling / (1.0 - falling) * (purchases + staying / (1.0 - falling));
                if rest <= PRECISION * expected {
                    return expected;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    const PUBLISHED: &str = include_str!("../../tests/data/lifetime_value/cdnow_summary_published.csv");
    const REFERENCE: &str = include_str!("../../tests/data/lifetime_value/published_reference.json");
    const EXPECTED: &str = include_str!("../../tests/data/lifetime_value/expected.json");

    fn read(text: &str) -> Value {
        serde_json::from_str(text).expect("JSON")
    }

    fn number(value: &Value) -> f64 {
        value.as_f64().expect("a number")
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive numbers")]
    fn whole(value: f64) -> u32 {
        value.round() as u32
    }

    /// The sample's calibration, 39 weeks: histories in weeks of two digits.
    fn published() -> Vec<History> {
        let rows = PUBLISHED.lines().skip(1).map(|line| {
            let fields: Vec<f64> = line.split(',').skip(2).map(|field| field.parse().expect("a number")).collect();
            let days = |weeks: f64| whole(weeks * WEEK);
            History { repeats: whole(fields[0]), recency_days: days(fields[1]), age_days: days(fields[2]) }
        });
        rows.collect()
    }

    fn btyd() -> BgNbd {
        let reference = &read(REFERENCE)["bgnbdBtyd"];
        let [r, alpha, a, b] = ["r", "alpha", "a", "b"].map(|name| number(&reference[name]));
        BgNbd { r, alpha, a, b }
    }

    fn assert_near(value: f64, expected: f64, relative: f64) {
        assert!((value - expected).abs() <= relative * expected.abs(), "{value}, expected {expected}");
    }

    #[test]
    fn the_sample_of_the_paper_gives_its_parameters() {
        let reference = read(REFERENCE);
        let histories: Histories = published().into_iter().collect();

        let (model, log_likelihood) = BgNbd::fit(&histories).expect("a fit");

        assert_eq!((histories.customers(), histories.repeat_customers()), (2357, 946));
        for (source, relative) in [("bgnbd", 0.002), ("bgnbdBtyd", 0.0005)] {
            let expected = &reference[source];
            for (name, value) in [("r", model.r), ("alpha", model.alpha), ("a", model.a), ("b", model.b)] {
                assert_near(value, number(&expected[name]), relative);
            }
        }
        assert!((log_likelihood - -9582.429).abs() < 0.001, "{log_likelihood}");
        assert!((btyd().log_likelihood(&histories) - -9582.429).abs() < 0.001);
    }

    #[test]
    fn predictions_are_those_that_btyd_prints() {
        let reference = read(REFERENCE);
        let expected = &reference["bgnbdBtyd"];
        let model = btyd();
        let customer = History { repeats: 26, recency_days: 216, age_days: 217 };

        assert_near(model.p_alive(customer), number(&expected["customer"]["pAlive"]), 1e-6);
        let year = model.expected_purchases(customer, 52.0);
        assert_near(year, number(&expected["customer"]["expectedPurchases52w"]), 1e-6);
        let new = model.expected_purchases_of_new(52.0);
        assert_near(new, number(&expected["expectedPurchasesOfANewCustomerIn52Weeks"]), 1e-6);
        for (repeats, expected) in expected["increasingFrequencyParadox"]["byX"].as_object().expect("an object") {
            let history = History { repeats: repeats.parse().expect("x"), recency_days: 20 * 7, age_days: 39 * 7 };
            assert_near(model.expected_purchases(history, 52.0), number(expected), 1e-6);
        }
    }

    /// The closed form of the documentation of [`BgNbd::expected_purchases_if_alive`], with 2F1 as a series of decimals of 400
    /// digits (Python's `decimal`).
    #[test]
    fn who_buys_every_day_is_expected_to_go_on() {
        let cases = [
            (364, 365, 300.0, 818.380_335),
            (364, 365, 400.0, 954.140_395),
            (364, 365, 520.0, 1_088.841_480),
            (320, 365, 520.0, 957.672_316),
            (1_500, 1_826, 200.0, 894.142_001),
        ];

        for (repeats, age_days, weeks, expected) in cases {
            assert_near(btyd().expected_purchases_if_alive(repeats, age_days, weeks), expected, 1e-8);
        }
    }

    #[test]
    fn the_holdout_period_is_predicted_as_btyd_does() {
        let reference = read(REFERENCE);
        let holdout = &reference["bgnbdBtyd"]["holdout39w"];
        let model = btyd();

        for (repeats, expected) in (0..).zip(holdout["expected"].as_array().expect("a list")) {
            let alike = |history: &History| history.repeats.min(7) == repeats;
            let predicted: Vec<_> =
                published().into_iter().filter(alike).map(|history| model.expected_purchases(history, 39.0)).collect();
            let customers = u32::try_from(predicted.len()).expect("few");
            assert_eq!(Value::from(customers), holdout["customers"][repeats as usize]);
            assert_near(predicted.iter().sum::<f64>() / f64::from(customers), number(expected), 2e-4);
        }
    }

    #[test]
    fn expected_purchases_are_those_of_the_formula_where_it_is_delicate() {
        let expected = read(EXPECTED);

        for case in expected["purchases"].as_array().expect("a list") {
            let [r, alpha, a, b, x, t_x, age, weeks, expected] = std::array::from_fn(|index| number(&case[index]));
            let history = History { repeats: whole(x), recency_days: whole(t_x), age_days: whole(age) };
            let purchases = BgNbd { r, alpha, a, b }.expected_purchases(history, weeks);
            assert!((purchases - expected).abs() <= 1e-9 * expected, "{case}: {purchases}");
        }
    }

    #[test]
    fn slopes_are_those_of_the_likelihood() {
        let likelihood = Likelihood::from(&published().into_iter().collect::<Histories>());
        for parameters in [[0.3, 5.0, 0.7, 3.0], [2.0, 40.0, 1.0, 0.4], [0.1, 0.5, 8.0, 900.0]] {
            let (_, slopes) = likelihood.at(parameters);
            for (index, slope) in slopes.into_iter().enumerate() {
                let beside = |step: f64| {
                    let mut parameters = parameters;
                    parameters[index] *= step.exp();
                    likelihood.at(parameters).0
                };
                let measured = (beside(1e-5) - beside(-1e-5)) / 2e-5;
                assert!((slope - measured).abs() < 1e-3 * (1.0 + slope.abs()), "{index}: {slope}, {measured}");
            }
        }
    }

    #[test]
    fn customers_who_hardly_ever_leave_have_a_fit_too() {
        // Everyone buys every 250 days or so: the likelihood grows along a → 0 and r, alpha → ∞ without end.
        let histories: Histories =
            (0..59).map(|day| History { repeats: 6, recency_days: 1500 + day, age_days: 1600 + day }).collect();

        let (model, log_likelihood) = BgNbd::fit(&histories).expect("a fit");

        // 354 purchases in 59 times 1629 days, at one rate for all: X ln (X / T) − X.
        let rate = 354.0 / (59.0 * 1629.0 / WEEK);
        let limit = 354.0 * f64::ln(rate) - 354.0;
        assert!((log_likelihood - limit).abs() < 0.05, "{log_likelihood}, {limit}");
        let history = History { repeats: 6, recency_days: 1529, age_days: 1629 };
        assert!(model.p_alive(history) > 0.999);
        assert_near(model.expected_purchases(history, 52.0), 52.0 * rate, 0.005);
    }

    fn models() -> impl Strategy<Value = BgNbd> {
        let parameter = || (-3.0..4.0).prop_map(f64::exp);
        (parameter(), parameter(), parameter(), parameter()).prop_map(|(r, alpha, a, b)| BgNbd { r, alpha, a, b })
    }

    fn histories() -> impl Strategy<Value = History> {
        (0..400_u32, 0..3000_u32, 0..3000_u32).prop_map(|(repeats, recency, idle)| History {
            repeats: repeats.min(recency),
            recency_days: if repeats == 0 { 0 } else { recency },
            age_days: recency + idle,
        })
    }

    proptest! {
        #[test]
        fn probabilities_are_probabilities_and_fall_while_nothing_is_bought(
            model in models(), history in histories(), days in 1..1000_u32,
        ) {
            let now = model.p_alive(history);
            let later = model.p_alive(History { age_days: history.age_days + days, ..history });
            prop_assert!((0.0..=1.0).contains(&now) && later <= now, "{now} {later}");
            prop_assert!(history.repeats > 0 || later >= 1.0);
        }

        #[test]
        fn purchases_grow_with_time_and_stay_below_those_of_who_never_leaves(
            model in models(), history in histories(), weeks in 0.1..100.0_f64,
        ) {
            let sooner = model.expected_purchases(history, weeks);
            let later = model.expected_purchases(history, 2.0 * weeks);
            let rate = (model.r + f64::from(history.repeats)) / (model.alpha + super::weeks(history.age_days));
            prop_assert!(model.expected_purchases(history, 0.0) <= 0.0);
            let exact = 1.0 + 1e-9;
            prop_assert!(0.0 <= sooner && sooner <= later * exact && later <= 2.0 * weeks * rate * exact);
        }
    }
}

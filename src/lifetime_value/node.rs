//! A run as every face shows it.

use derive::resource;
use entity::lifetime_value_run::NoFit;
use uuid::Uuid;

use crate::instant::Instant;

/// One fit of the purchase model to what all customers bought, by maximum likelihood: BG/NBD (Fader, Hardie & Lee 2005)
/// tells how often they buy and whether they still do, gamma-gamma (Fader & Hardie 2013) how much they spend. Purchases
/// of one day of UTC are one, refunds are not deducted.
#[resource(
    class = "customers:LifetimeValueRun",
    collection = "lifetime-value-runs",
    table = entity::lifetime_value_run
)]
pub struct LifetimeValueRun {
    #[key]
    key: Uuid,
    /// The instant whose ledger it is of: what came later was not there yet.
    #[iri("customers:asOf")]
    as_of: Instant,
    /// When it was made.
    #[iri("customers:computedAt")]
    computed_at: Instant,
    /// Whether it is of an instant that was asked for, and left predictions alone. They are those of the latest run
    /// that is not.
    #[iri("customers:isHistorical")]
    is_historical: bool,
    /// How many customers had bought.
    #[iri("customers:customers")]
    customers: i64,
    /// How many of them had bought on two days or more.
    #[iri("customers:repeatCustomers")]
    repeat_customers: i64,
    /// Which predictions are missing, and why. Null if none are.
    #[iri("customers:noFit")]
    no_fit: Option<NoFit>,
    /// Shape of how rates of purchase are spread over customers. Null without a fit of purchases, as `alpha`, `a`, `b`
    /// and `logLikelihood`.
    #[iri("customers:bgNbdR")]
    r: Option<f64>,
    /// Scale of how rates of purchase are spread over customers, in weeks: the mean rate is `r / alpha` a week.
    #[iri("customers:bgNbdAlpha")]
    alpha: Option<f64>,
    /// Shape of how probabilities to leave after a purchase are spread over customers: the mean is `a / (a + b)`.
    #[iri("customers:bgNbdA")]
    a: Option<f64>,
    /// The other shape of how probabilities to leave are spread over customers.
    #[iri("customers:bgNbdB")]
    b: Option<f64>,
    /// Natural logarithm of the likelihood of all purchases.
    #[iri("customers:logLikelihood")]
    log_likelihood: Option<f64>,
    /// How many customers had spent something on a day with a purchase after their first: those of whom amounts are
    /// told.
    #[iri("customers:spendingCustomers")]
    spending_customers: i64,
    /// Shape of what a customer spends on a day. Null without a fit of amounts, as `q`, `v` and
    /// `spendingLogLikelihood`.
    #[iri("customers:gammaGammaP")]
    p: Option<f64>,
    /// Shape of how mean amounts are spread over customers. They have a mean only where it is above 1.
    #[iri("customers:gammaGammaQ")]
    q: Option<f64>,
    /// Scale of how mean amounts are spread over customers, in major units of the store's currency.
    #[iri("customers:gammaGammaV")]
    v: Option<f64>,
    /// Natural logarithm of the likelihood of all amounts.
    #[iri("customers:spendingLogLikelihood")]
    spending_log_likelihood: Option<f64>,
    /// What money is taken to lose in value in a month, in predicted values: 0.01 is one percent.
    #[iri("customers:monthlyDiscount")]
    monthly_discount: f64,
}

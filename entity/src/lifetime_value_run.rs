//! Fits of the purchase model.

use derive::terms;
use sea_orm::entity::prelude::*;

/// One fit of the purchase model to the store's ledger.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lifetime_value_run")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The instant whose ledger it is of.
    pub as_of: ChronoUnixTimestampMillis,
    /// When it was made.
    pub computed_at: ChronoUnixTimestampMillis,
    /// Whether it is of an instant that was asked for. The latest that is not is what predictions are made with.
    pub is_historical: bool,
    /// How many customers had bought.
    pub customers: i64,
    /// How many of them had bought on two days or more.
    pub repeat_customers: i64,
    /// What is missing, and why; null if nothing is.
    pub no_fit: Option<NoFit>,
    /// The parameters of BG/NBD, time in weeks; null without a fit.
    pub r: Option<f64>,
    /// See `r`.
    pub alpha: Option<f64>,
    /// See `r`.
    pub a: Option<f64>,
    /// See `r`.
    pub b: Option<f64>,
    /// The logarithm of the likelihood of purchases under them; null without a fit.
    pub log_likelihood: Option<f64>,
    /// How many customers had spent something on a day after the first on which they bought.
    pub spending_customers: i64,
    /// The parameters of gamma-gamma, amounts in major units of the store's currency; null without a fit.
    pub p: Option<f64>,
    /// See `p`.
    pub q: Option<f64>,
    /// See `p`.
    pub v: Option<f64>,
    /// The logarithm of the likelihood of amounts under them; null without a fit.
    pub spending_log_likelihood: Option<f64>,
    /// What money is taken to lose in value in a month: 0.01 is one percent.
    pub monthly_discount: f64,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Why the purchase model predicts nothing, or no amounts.
#[terms("customers:NoFit", column)]
pub enum NoFit {
    /// Fewer than ten customers bought on two days or more. Nothing is predicted.
    #[iri("customers:TooFewRepeatCustomers")]
    TooFewRepeatCustomers,
    /// No parameters were found under which the purchases are likeliest. Nothing is predicted.
    #[iri("customers:NoConvergence")]
    NoConvergence,
    /// Fewer than ten customers spent something on a day after the first on which they bought. No amounts are
    /// predicted.
    #[iri("customers:TooFewAmounts")]
    TooFewAmounts,
    /// The amounts are spread so widely that they have no mean: `q` is not above 1. No amounts are predicted.
    #[iri("customers:NoMeanAmount")]
    NoMeanAmount,
    /// No parameters were found under which the amounts are likeliest. No amounts are predicted.
    #[iri("customers:NoConvergenceOfAmounts")]
    NoConvergenceOfAmounts,
}

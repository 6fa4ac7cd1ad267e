//! What the latest fit of the purchase model says of each customer who has bought.

use sea_orm::entity::prelude::*;

/// What is predicted of a customer, and what it is told from.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lifetime_value_prediction")]
pub struct Model {
    /// The customer.
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    /// Days with a purchase after the first one.
    pub repeats: i32,
    /// Days from the first of them to the last.
    pub recency_days: i32,
    /// Days from the first of them to the instant of the run.
    pub age_days: i32,
    /// What they spent on the repeat days, in minor units of the store's currency.
    pub repeat_spent: i64,
    /// The parameters of BG/NBD that it is told by, time in weeks: those of the run that predicted it.
    pub r: f64,
    /// See `r`.
    pub alpha: f64,
    /// See `r`.
    pub a: f64,
    /// See `r`.
    pub b: f64,
    /// The probability that they still buy.
    pub p_alive: f64,
    /// What they are expected to spend on a day with a purchase, in minor units, rounded half up. Nothing is computed
    /// from it. Null if it cannot be told.
    pub expected_average_value: Option<i64>,
    /// What they are expected to spend in the 12 months after the run, discounted; as `expected_average_value`.
    pub predicted_lifetime_value: Option<i64>,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

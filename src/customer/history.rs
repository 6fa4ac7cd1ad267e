//! The figures of a customer at an instant, as GraphQL shows them.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

use super::{Engagement, SpendSegment, metrics::Figures, spend::average_order_value};
use crate::{
    churn::{ChurnRisk, Habits},
    instant::Instant,
    money::{Currency, Money},
};

/// The figures of a customer at an instant, from what their orders and refunds were then. What came later, cancellations
/// included, does not exist yet. Amounts are in the store's currency.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomerMetrics {
    /// The instant.
    as_of: Instant,
    /// Number of orders placed and not cancelled.
    total_orders: i64,
    /// Number of orders delivered: the customer's purchases.
    delivered_orders: i64,
    /// Sum of delivered order totals less refunds. Zero before the first delivery; negative when more was returned than
    /// bought.
    total_spent: Money,
    /// `totalSpent` per delivered order, rounded to the minor unit. Zero before the first delivery.
    average_order_value: Money,
    /// What the customer had been worth: `totalSpent`, at a margin of one.
    lifetime_value: Money,
    /// When the first order was placed that was not cancelled. Null before it.
    first_order_date: Option<Instant>,
    /// When the last order was placed that was not cancelled. Null before the first.
    last_order_date: Option<Instant>,
    /// When the last purchase was delivered. Null before the first.
    last_purchase_date: Option<Instant>,
    /// Segment by spending.
    customer_segment: SpendSegment,
    /// How recently the customer had bought. Null before the first purchase.
    engagement: Option<Engagement>,
    /// How likely the customer was to leave.
    churn_risk: ChurnRisk,
}

impl CustomerMetrics {
    /// What follows from `figures` at `as_of`.
    #[must_use]
    pub fn new(as_of: DateTime<Utc>, figures: Figures, currency: Currency) -> Self {
        let total_spent = Money::new(figures.total_spent, currency);
        let habits = Habits {
            last_purchase: figures.last_purchase_date,
            since: figures.customer_since,
            orders: figures.total_orders,
            first_order: figures.first_order_date,
            last_order: figures.last_order_date,
        };
        Self {
            as_of: Instant(as_of),
            total_orders: figures.total_orders,
            delivered_orders: figures.delivered_orders,
            total_spent,
            average_order_value: average_order_value(total_spent, figures.delivered_orders),
            lifetime_value: total_spent,
            first_order_date: figures.first_order_date,
            last_order_date: figures.last_order_date,
            last_purchase_date: figures.last_purchase_date,
            customer_segment: SpendSegment::of(total_spent),
            engagement: Engagement::of(figures.last_purchase_date, as_of),
            churn_risk: habits.risk(as_of),
        }
    }
}

//! The rule of churn risk.

use chrono::{DateTime, Utc};
use derive::terms;
use entity::term::Term;
use sea_orm::{ExprTrait, sea_query::Expr};

use crate::{
    instant::{Ago, DAY, Instant},
    semantics::value::term_values,
    store::Reading,
};

/// How likely a customer is to leave, by how long they have been idle for their habits.
#[terms("customers:ChurnRisk")]
pub enum ChurnRisk {
    /// Idle for no more than one and a half times the usual gap between orders.
    #[iri("customers:LowChurnRisk")]
    Low,
    /// Idle for more than one and a half times the usual gap.
    #[iri("customers:MediumChurnRisk")]
    Medium,
    /// Idle for more than twice the usual gap.
    #[iri("customers:HighChurnRisk")]
    High,
}

term_values!(ChurnRisk);

/// The gap in days that customers without two orders, or with all orders at once, are taken to have.
const UNKNOWN_GAP: i64 = 30;

/// What churn risk is told from: instants of a customer.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The last purchase.
    pub last_purchase: Option<Instant>,
    /// When the customer joined.
    pub since: Instant,
    /// How many orders were placed and not cancelled.
    pub orders: i64,
    /// The first of them.
    pub first_order: Option<Instant>,
    /// The last of them.
    pub last_order: Option<Instant>,
}

impl Habits {
    /// The churn risk at `now`.
    #[must_use]
    pub fn risk(self, now: DateTime<Utc>) -> ChurnRisk {
        let idle_since = self.last_purchase.unwrap_or(self.since);
        let days_idle = (now - idle_since.0).num_milliseconds() / DAY;
        let usual_gap = match (self.first_order, self.last_order) {
            (Some(first), Some(last)) if self.orders > 1 => {
                match (last.0 - first.0).num_milliseconds() / ((self.orders - 1) * DAY) {
                    0 => UNKNOWN_GAP,
                    gap => gap,
                }
            }
            _ => UNKNOWN_GAP,
        };
        risk(days_idle, usual_gap)
    }
}

/// How likely a customer is to leave.
///
/// `days_idle`: whole days since the last purchase, or since joining if there was none.
/// `usual_gap`: mean days between orders, 30 if that cannot be told.
/// High beyond twice the usual gap, Medium beyond one and a half. Source: domain description, "Churn Prediction".
#[must_use]
pub fn risk(days_idle: i64, usual_gap: i64) -> ChurnRisk {
    if days_idle > usual_gap * 2 {
        ChurnRisk::High
    } else if days_idle * 2 > usual_gap * 3 {
        ChurnRisk::Medium
    } else {
        ChurnRisk::Low
    }
}

/// [`Habits::risk`] in SQL, over the customer's row.
pub fn risk_expression(reading: &Reading) -> Expr {
    let [low, medium, high] = [ChurnRisk::Low, ChurnRisk::Medium, ChurnRisk::High].map(|risk| risk.description().name);
    let has_come = |instant| ExprTrait::lte(Expr::cust(instant), reading.instant(Ago::NOW));
    Expr::case(has_come(high_from("customer")), high)
        .case(has_come(medium_from("customer")), medium)
        .finally(low)
        .into()
}

/// The instant from which [`Habits::risk`] is High, in SQL over a row called `customer` that has the columns of a
/// customer: the end of twice the usual gap and of the day after it.
#[must_use]
pub fn high_from(customer: &str) -> String {
    idle_for(&format!("{} * 2 + 1", usual_gap(customer)), customer)
}

/// As [`high_from`], for Medium: the end of one and a half times the usual gap and of the day after it.
fn medium_from(customer: &str) -> String {
    idle_for(&format!("{} * 3 / 2 + 1", usual_gap(customer)), customer)
}

/// The instant at which someone is idle for so many days, in SQL.
fn idle_for(days: &str, customer: &str) -> String {
    format!("(coalesce({customer}.last_purchase_date, {customer}.customer_since) + ({days}) * {DAY})")
}

/// The usual gap in days, in SQL. Division of integers rounds down, as all of them are positive.
fn usual_gap(customer: &str) -> String {
    format!(
        "(case when {customer}.total_orders > 1 then coalesce(nullif(({customer}.last_order_date - \
         {customer}.first_order_date) / (({customer}.total_orders - 1) * {DAY}), 0), {UNKNOWN_GAP}) \
         else {UNKNOWN_GAP} end)"
    )
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn exactly_twice_the_gap_is_medium_and_exactly_one_and_a_half_low() {
        let cases = [
            (45, 30, ChurnRisk::Low),
            (46, 30, ChurnRisk::Medium),
            (60, 30, ChurnRisk::Medium),
            (61, 30, ChurnRisk::High),
            (1, 1, ChurnRisk::Low),
            (2, 1, ChurnRisk::Medium),
            (3, 1, ChurnRisk::High),
            (0, 30, ChurnRisk::Low),
        ];

        for (days_idle, usual_gap, expected) in cases {
            assert_eq!(risk(days_idle, usual_gap), expected, "{days_idle} idle, {usual_gap} usual");
        }
    }

    #[test]
    fn several_orders_within_a_day_do_not_make_a_gap_of_nothing() {
        let now: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().expect("an instant");
        let ago = |days| Instant(now - TimeDelta::days(days));
        let habits = Habits {
            last_purchase: Some(ago(10)),
            since: ago(10),
            orders: 3,
            first_order: Some(ago(10)),
            last_order: Some(ago(10)),
        };

        assert_eq!(habits.risk(now), ChurnRisk::Low);
    }
}

//! The headline figures, in one pass over the customers.

use chrono::{DateTime, Utc};
use entity::term::Term;

use super::{Population, population::text};
use crate::{
    churn,
    customer::{SpendSegment, segment_expression},
    failure::Outcome,
    money::Money,
    store::Database,
};

/// The segments by spending, as they are counted.
const SEGMENTS: [SpendSegment; 3] = [SpendSegment::Premium, SpendSegment::Standard, SpendSegment::Basic];

/// What all customers of a population come to.
#[derive(Clone, Debug)]
pub struct Headline {
    /// How many there are.
    pub customers: i64,
    /// How many joined in the window.
    pub new: i64,
    /// How many last bought in the window.
    pub active: i64,
    /// Of how many the churn risk is High.
    pub churned: i64,
    /// What they spent.
    pub spent: Money,
    /// How many purchases they made.
    pub purchases: i64,
    /// How many ordered.
    pub buyers: i64,
    /// How many ordered more than once.
    pub repeat_buyers: i64,
    /// How many are in each segment by spending, the highest first.
    pub segments: Vec<(SpendSegment, i64)>,
}

impl Headline {
    /// Reads it, the window beginning at `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(database: &Database, population: &Population, since: DateTime<Utc>) -> Outcome<Self> {
        let from = population.number(0);
        let (now, high_from) = (population.at(), churn::high_from("customer"));
        let segment = text(segment_expression(&population.reading));
        let segments =
            SEGMENTS.map(|name| format!("count(*) filter (where {segment} = '{}')", name.description().name));
        let rows = population
            .ask(
                database,
                &format!(
                    " select count(*),
                        count(*) filter (where customer.customer_since >= {from}),
                        count(*) filter (where customer.last_purchase_date >= {from}),
                        count(*) filter (where {now} >= {high_from}),
                        cast(coalesce(sum(customer.total_spent), 0) as bigint),
                        cast(coalesce(sum(customer.delivered_orders), 0) as bigint),
                        count(*) filter (where customer.total_orders >= 1),
                        count(*) filter (where customer.total_orders > 1),
                        {segments}
                    from people customer",
                    segments = segments.join(", "),
                ),
                &[since.timestamp_millis()],
            )
            .await?;
        let figure = |index| rows.first().map_or(Ok(0), |row| row.try_get_by_index(index));
        let mut segments = Vec::new();
        for (index, segment) in SEGMENTS.into_iter().enumerate() {
            segments.push((segment, figure(8 + index)?));
        }
        Ok(Self {
            customers: figure(0)?,
            new: figure(1)?,
            active: figure(2)?,
            churned: figure(3)?,
            spent: Money::new(figure(4)?, population.reading.currency),
            purchases: figure(5)?,
            buyers: figure(6)?,
            repeat_buyers: figure(7)?,
            segments,
        })
    }

    /// Customers who ordered more than once, of those who ordered at all, in percent; 0 if nobody did.
    #[must_use]
    pub fn repeat_purchase_rate(&self) -> f64 {
        percent(self.repeat_buyers, self.buyers)
    }
}

/// `part` of `whole` in percent, 0 of nothing.
#[must_use]
pub fn percent(part: i64, whole: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "numbers of customers are far below 2^53")]
    let (part, whole) = (part as f64, whole as f64);
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_of_nobody_is_nothing() {
        let cases = [(0, 0, 0.0), (0, 3, 0.0), (1, 4, 25.0), (4, 4, 100.0)];

        for (part, whole, expected) in cases {
            assert!((percent(part, whole) - expected).abs() < f64::EPSILON, "{part} of {whole}");
        }
    }
}

//! What a customer has spent, and the segment that it makes.

use derive::terms;
use entity::{customer, term::Term};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};

use crate::{money::Money, semantics::value::term_values, store::Reading, valuation::Margin};

/// A customer by what they have spent.
#[terms("customers:SpendSegment")]
pub enum SpendSegment {
    /// Spent 5000 or more.
    #[iri("customers:PremiumSegment")]
    Premium,
    /// Spent 1000 or more, and less than 5000.
    #[iri("customers:StandardSegment")]
    Standard,
    /// Spent less than 1000, nothing and a negative sum included.
    #[iri("customers:BasicSegment")]
    Basic,
}

term_values!(SpendSegment);

/// The least spending of a segment, in major units of the store's currency, the highest first.
const THRESHOLDS: [(SpendSegment, i64); 2] = [(SpendSegment::Premium, 5000), (SpendSegment::Standard, 1000)];

impl SpendSegment {
    /// The segment of a customer who spent `total`. Source: domain description, "Customer Segmentation".
    #[must_use]
    pub fn of(total: Money) -> Self {
        let major = 10_i64.pow(total.exponent);
        THRESHOLDS
            .into_iter()
            .find(|(_, least)| total.units >= least * major)
            .map_or(Self::Basic, |(segment, _)| segment)
    }
}

/// [`SpendSegment::of`] in SQL, over the customer's row.
pub fn segment_expression(reading: &Reading) -> Expr {
    let mut cases = CaseStatement::new();
    for (segment, least) in THRESHOLDS {
        let least = least * 10_i64.pow(reading.currency.exponent());
        let spent = Expr::col((customer::Entity, customer::Column::TotalSpent));
        cases = cases.case(spent.gte(least), Expr::val(segment.description().name));
    }
    cases.finally(Expr::val(SpendSegment::Basic.description().name)).into()
}

/// The lifetime value, [`Margin::of`] what a customer spent, in SQL over their row, in minor units.
pub fn lifetime_value_expression(reading: &Reading) -> Expr {
    let spent = Expr::col((customer::Entity, customer::Column::TotalSpent));
    if reading.margin == Margin::WHOLE {
        return spent;
    }
    let (parts, all) = (reading.margin.ten_thousandths(), Margin::PARTS);
    // The whole of a large sum times the parts is beyond 64 bits.
    let rest = format!("(customer.total_spent % {all} * {parts} + {half})", half = all / 2);
    // Integers are divided towards zero, which rounds what is left of a negative sum up a second time.
    let rest = format!("{rest} / {all} - case when {rest} % {all} < 0 then 1 else 0 end");
    Expr::cust(format!("(customer.total_spent / {all} * {parts} + {rest})"))
}

/// Mean revenue of a purchase: `spent / purchases`, rounded half up to the minor unit; 0 without purchases.
#[must_use]
pub fn average_order_value(spent: Money, purchases: i64) -> Money {
    spent.mean(purchases)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, sea_query::Query};

    use super::*;
    use crate::{
        given::{self, each_store},
        store::execute,
    };

    fn dollars(units: i64) -> Money {
        Money::new(units, "USD".parse().expect("a currency"))
    }

    #[test]
    fn segments_begin_at_exactly_their_threshold() {
        let cases = [
            (500_000, SpendSegment::Premium),
            (499_999, SpendSegment::Standard),
            (100_000, SpendSegment::Standard),
            (99_999, SpendSegment::Basic),
            (0, SpendSegment::Basic),
            (-1, SpendSegment::Basic),
        ];

        for (units, expected) in cases {
            assert_eq!(SpendSegment::of(dollars(units)), expected, "{units}");
        }
    }

    /// A thousand of the largest orders, and a remainder.
    const LARGEST: i64 = 100_000_000_000_015_001;

    #[tokio::test]
    async fn lifetime_values_are_rounded_alike_by_the_database() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = given::customer(&tx, "Jane").await?;
            for margin in ["1", "0.5", "0.3333", "0.0001"] {
                let margin: Margin = margin.parse().map_err(anyhow::Error::msg)?;
                let reading = Reading { margin, ..app.reading() };
                for spent in [
                    0, 1, 3, 5, 4999, 5000, 15_000, 12_050, -1, -2, -3, -4999, -5000, -5001, -15_001, LARGEST, -LARGEST,
                ] {
                    execute(&tx, "update customer set total_spent = $1 where id = $2", vec![spent.into(), jane.into()])
                        .await?;
                    let select =
                        Query::select().expr(lifetime_value_expression(&reading)).from(customer::Entity).take();
                    let row = tx.query_one(&select).await?.expect("a row");
                    let expected = margin.of(Money::new(spent, app.currency)).units;
                    assert_eq!(row.try_get_by_index::<i64>(0)?, expected, "{margin:?} of {spent}");
                }
            }
            Ok(())
        })
        .await
    }

    #[test]
    fn averages_are_rounded_half_up() {
        let cases = [
            (0, 0, 0),
            (100, 0, 0),
            (100, 3, 33),
            (200, 3, 67),
            (5, 2, 3),
            (-5, 2, -2),
            (-7, 2, -3),
            (-4, 3, -1),
            (-5, 3, -2),
            (i64::MAX, 1, i64::MAX),
            (i64::MIN, 1, i64::MIN),
            (i64::MAX, i64::MAX, 1),
        ];

        for (spent, purchases, expected) in cases {
            assert_eq!(average_order_value(dollars(spent), purchases).units, expected, "{spent} / {purchases}");
        }
    }
}

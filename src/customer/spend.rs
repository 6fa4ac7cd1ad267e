//! What a customer has spent, and the segment that it makes.

use derive::terms;
use entity::{customer, term::Term};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};

use crate::{money::Money, semantics::value::term_values, store::Reading};

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

/// Mean revenue of a purchase: `spent / purchases`, rounded half up to the minor unit; 0 without purchases.
#[must_use]
pub fn average_order_value(spent: Money, purchases: i64) -> Money {
    spent.mean(purchases)
}

#[cfg(test)]
mod tests {
    use super::*;

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

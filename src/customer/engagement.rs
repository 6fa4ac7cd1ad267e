//! How recently a customer bought.

use chrono::{DateTime, TimeDelta, Utc};
use derive::terms;
use entity::{customer, term::Term};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};

use crate::{
    instant::{Ago, Instant},
    semantics::value::term_values,
    store::Reading,
};

/// A customer by how recently they bought.
#[terms("customers:Engagement")]
pub enum Engagement {
    /// Bought within the last 30 days.
    #[iri("customers:ActiveCustomer")]
    Active,
    /// Bought within the last 90 days, but not the last 30.
    #[iri("customers:AtRiskCustomer")]
    AtRisk,
    /// Bought more than 90 days ago.
    #[iri("customers:InactiveCustomer")]
    Inactive,
}

term_values!(Engagement);

/// How many days back a purchase still counts, the shortest window first. Windows are closed.
const WINDOWS: [(Engagement, i64); 2] = [(Engagement::Active, 30), (Engagement::AtRisk, 90)];

impl Engagement {
    /// The engagement at `now` of a customer who last bought at `last_purchase`; none without a purchase.
    /// Source: domain description, "Customer Segmentation".
    #[must_use]
    pub fn of(last_purchase: Option<Instant>, now: DateTime<Utc>) -> Option<Self> {
        let idle = now - last_purchase?.0;
        let window = WINDOWS.into_iter().find(|(_, days)| idle <= TimeDelta::days(*days));
        Some(window.map_or(Self::Inactive, |(engagement, _)| engagement))
    }
}

/// [`Engagement::of`] in SQL, over the customer's row.
pub fn engagement_expression(reading: &Reading) -> Expr {
    let bought = || Expr::col((customer::Entity, customer::Column::LastPurchaseDate));
    let mut cases = CaseStatement::new();
    for (engagement, days) in WINDOWS {
        cases = cases.case(bought().gte(reading.instant(Ago::days(days))), Expr::val(engagement.description().name));
    }
    let inactive = Expr::val(Engagement::Inactive.description().name);
    cases.case(bought().is_not_null(), inactive).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_30_and_90_days_still_count() {
        let now: DateTime<Utc> = "2026-11-22T12:00:00Z".parse().expect("an instant");
        let day = 86_400;
        let cases = [
            (0, Engagement::Active),
            (30 * day, Engagement::Active),
            (30 * day + 1, Engagement::AtRisk),
            (90 * day, Engagement::AtRisk),
            (90 * day + 1, Engagement::Inactive),
        ];

        for (seconds, expected) in cases {
            let bought = Instant(now - TimeDelta::seconds(seconds));
            assert_eq!(Engagement::of(Some(bought), now), Some(expected), "{seconds} s");
        }
        assert_eq!(Engagement::of(None, now), None);
    }
}

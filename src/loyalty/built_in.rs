//! The program that every store begins with.

use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    loyalty_program::{self, LoyaltyEvaluation},
    loyalty_tier,
    texts::Texts,
};
use uuid::Uuid;

use crate::money::Currency;

/// The handle of the default program.
pub const DEFAULT_HANDLE: &str = "default";

/// A tier as it is delivered. The store may change it afterwards.
struct Tier {
    name: &'static str,
    /// In major units of the store's currency.
    min_spend: i64,
    discount_percent: i32,
    benefits: &'static [&'static str],
}

/// The lowest first. Source: domain description, "Loyalty Programs".
const TIERS: [Tier; 4] = [
    Tier { name: "Bronze", min_spend: 0, discount_percent: 0, benefits: &["Free shipping on orders over 50"] },
    Tier { name: "Silver", min_spend: 500, discount_percent: 5, benefits: &["Free shipping", "Early access to sales"] },
    Tier {
        name: "Gold",
        min_spend: 2000,
        discount_percent: 10,
        benefits: &["Free express shipping", "Early access to sales", "Birthday gift"],
    },
    Tier {
        name: "Platinum",
        min_spend: 5000,
        discount_percent: 15,
        benefits: &["Free express shipping", "Early access to sales", "Birthday gift", "Dedicated support"],
    },
];

/// The rows of the default program and of its tiers, the lowest first.
pub fn program(
    currency: Currency,
    now: DateTime<Utc>,
    mut key: impl FnMut() -> Uuid,
) -> (loyalty_program::Model, Vec<loyalty_tier::Model>) {
    let now = ChronoUnixTimestampMillis(now);
    let program = loyalty_program::Model {
        id: key(),
        handle: DEFAULT_HANDLE.to_owned(),
        name: "Loyalty Program".to_owned(),
        description: Some("Every customer is a member and rises by all that they spend.".to_owned()),
        is_default: true,
        evaluation: LoyaltyEvaluation::Lifetime,
        grace_days: Some(0),
        is_settled: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let tiers = (1..).zip(TIERS).map(|(rank, tier)| loyalty_tier::Model {
        id: key(),
        program_id: program.id,
        name: tier.name.to_owned(),
        rank,
        min_spend: tier.min_spend * 10_i64.pow(currency.exponent()),
        discount_percent: tier.discount_percent,
        benefits: Texts(tier.benefits.iter().map(|&benefit| benefit.to_owned()).collect()),
        retired_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    });
    let tiers = tiers.collect();
    (program, tiers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_minor_units_of_the_stores_currency() {
        let cases = [("USD", [0, 50_000, 200_000, 500_000]), ("JPY", [0, 500, 2000, 5000])];

        for (code, expected) in cases {
            let currency = code.parse().expect("a currency");
            let (_, tiers) = program(currency, DateTime::UNIX_EPOCH, Uuid::nil);
            let thresholds: Vec<_> = tiers.iter().map(|tier| tier.min_spend).collect();
            assert_eq!(thresholds, expected, "{code}");
        }
    }
}

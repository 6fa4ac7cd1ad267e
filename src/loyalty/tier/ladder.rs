//! The tiers of a program as a ladder: which one a spending reaches, and which go on when they are edited.

use entity::loyalty_tier;
use uuid::Uuid;

/// A tier as a client wishes it to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// The tier that it goes on as, if the client says so.
    pub id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// Threshold in minor units of the store's currency.
    pub min_spend: i64,
    /// Discount in percent.
    pub discount_percent: i32,
    /// What members get.
    pub benefits: Vec<String>,
}

/// The tier that a spending reaches: the highest whose threshold is not above it, and the lowest for any other, debts
/// included. None where there are no tiers.
#[must_use]
pub fn reached(tiers: &[loyalty_tier::Model], spent: i64) -> Option<&loyalty_tier::Model> {
    let floor = tiers.iter().min_by_key(|tier| tier.min_spend);
    tiers.iter().filter(|tier| tier.min_spend <= spent).max_by_key(|tier| tier.min_spend).or(floor)
}

/// What members get who hold the tier `held` of `tiers`: what each tier gives up to theirs, the lowest first, each
/// thing once. One that was taken away gives something to its own members alone. Source: domain description, "Loyalty
/// Programs".
#[must_use]
pub fn benefits(tiers: &[loyalty_tier::Model], held: Uuid) -> Vec<String> {
    let Some(held) = tiers.iter().find(|tier| tier.id == held) else { return Vec::new() };
    let is_passed = |tier: &&loyalty_tier::Model| {
        let is_below = tier.retired_at.is_none() && tier.min_spend < held.min_spend;
        tier.id == held.id || tier.program_id == held.program_id && is_below
    };
    let mut passed: Vec<_> = tiers.iter().filter(is_passed).collect();
    passed.sort_by_key(|tier| tier.min_spend);
    let mut benefits: Vec<String> = Vec::new();
    for benefit in passed.into_iter().flat_map(|tier| &tier.benefits.0) {
        if !benefits.contains(benefit) {
            benefits.push(benefit.clone());
        }
    }
    benefits
}

/// As which of the `tiers` each of the `rungs` goes on, if any: as the one that it names; else as the one with its
/// name; else as the one with its threshold, which has another name now. A tier goes on once.
#[must_use]
pub fn continued(rungs: &[Rung], tiers: &[loyalty_tier::Model]) -> Vec<Option<Uuid>> {
    let mut continued: Vec<_> = rungs.iter().map(|rung| rung.id).collect();
    let is_same: [fn(&Rung, &loyalty_tier::Model) -> bool; 2] =
        [|rung, tier| rung.name == tier.name, |rung, tier| rung.min_spend == tier.min_spend];
    for is_same in is_same {
        for (index, rung) in rungs.iter().enumerate().filter(|(_, rung)| rung.id.is_none()) {
            if continued[index].is_none() {
                let free = tiers.iter().filter(|tier| !continued.contains(&Some(tier.id)));
                continued[index] = free.into_iter().find(|tier| is_same(rung, tier)).map(|tier| tier.id);
            }
        }
    }
    continued
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use entity::texts::Texts;

    use super::*;
    use crate::loyalty::built_in;

    fn tiers() -> Vec<loyalty_tier::Model> {
        let mut keys = 0;
        let key = || {
            keys += 1;
            Uuid::from_u128(keys)
        };
        built_in::program("USD".parse().expect("a currency"), DateTime::UNIX_EPOCH, key).1
    }

    #[test]
    fn a_tier_is_reached_at_exactly_its_threshold() {
        let cases = [
            (i64::MIN, "Bronze"),
            (0, "Bronze"),
            (49_999, "Bronze"),
            (50_000, "Silver"),
            (199_999, "Silver"),
            (200_000, "Gold"),
            (500_000, "Platinum"),
            (i64::MAX, "Platinum"),
        ];
        let mut tiers = tiers();
        tiers.reverse();

        for (spent, expected) in cases {
            assert_eq!(reached(&tiers, spent).map(|tier| tier.name.as_str()), Some(expected), "{spent}");
        }
        assert_eq!(reached(&[], 1), None);
    }

    #[test]
    fn benefits_are_those_of_all_tiers_up_to_ones_own_each_once() {
        let mut tiers = tiers();
        let other = loyalty_tier::Model {
            program_id: Uuid::max(),
            benefits: Texts(vec!["Other".to_owned()]),
            ..tiers[0].clone()
        };
        let retired = loyalty_tier::Model {
            id: Uuid::from_u128(9),
            min_spend: 40_000,
            benefits: Texts(vec!["Old".to_owned()]),
            retired_at: Some(tiers[0].created_at),
            ..tiers[1].clone()
        };
        tiers.reverse();
        tiers.extend([other, retired]);
        let [silver, gold] = [&tiers[2], &tiers[1]].map(|tier| (tier.name.as_str(), tier.id));

        assert_eq!((silver.0, gold.0), ("Silver", "Gold"));
        let expected = ["Free shipping on orders over 50", "Free shipping", "Early access to sales"];
        assert_eq!(benefits(&tiers, silver.1), expected);
        assert_eq!(benefits(&tiers, gold.1), [&expected[..], &["Free express shipping", "Birthday gift"]].concat());
        assert_eq!(benefits(&tiers, Uuid::from_u128(9)), [expected[0], "Old"]);
        assert_eq!(benefits(&tiers, Uuid::nil()), Vec::<String>::new());
    }

    #[test]
    fn a_tier_goes_on_by_id_then_by_name_then_by_threshold() {
        let tiers = tiers();
        let [bronze, silver, gold] = [tiers[0].id, tiers[1].id, tiers[2].id];
        let rung = |id, name: &str, min_spend| Rung {
            id,
            name: name.to_owned(),
            min_spend,
            discount_percent: 0,
            benefits: Vec::new(),
        };
        let cases = [
            (vec![rung(None, "Bronze", 7)], vec![Some(bronze)]),
            (vec![rung(Some(gold), "Bronze", 0), rung(None, "Gold", 1)], vec![Some(gold), None]),
            (vec![rung(None, "Argent", 50_000), rung(None, "Gold", 1)], vec![Some(silver), Some(gold)]),
            (vec![rung(None, "Gold", 50_000), rung(None, "Silver", 9)], vec![Some(gold), Some(silver)]),
            (vec![rung(None, "Or", 200_000), rung(None, "Gold", 1)], vec![None, Some(gold)]),
            (vec![rung(None, "New", 1)], vec![None]),
        ];

        for (rungs, expected) in cases {
            assert_eq!(continued(&rungs, &tiers), expected, "{rungs:?}");
        }
    }
}

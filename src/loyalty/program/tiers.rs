//! The tiers of a program as clients send them, and how they come into the database.

use std::collections::HashSet;

use anyhow::Context;
use entity::{ChronoUnixTimestampMillis, loyalty_tier, texts::Texts};
use serde_json::json;
use uuid::Uuid;

use super::input::LoyaltyTierInput;
use crate::{
    check::Check,
    loyalty::tier::ladder::{self, Rung},
    rejection::{Rejection, RejectionCode},
    store::{Dialect, Kind, execute, insert_all},
    transaction::Transaction,
};

/// The most tiers of a program, and the most benefits of a tier.
const MOST: usize = 50;

/// The tiers as sent, checked: `named` are the keys of those among `tiers` that they go on as. Nothing when one is
/// wrong.
pub fn checked(
    tx: &Transaction,
    check: &mut Check,
    inputs: &[LoyaltyTierInput],
    named: &[Option<Uuid>],
    tiers: &[loyalty_tier::Model],
) -> Option<Vec<Rung>> {
    if inputs.is_empty() {
        check.reject(RejectionCode::Required, "input.tiers", "tiers: expected at least one");
        return None;
    }
    if inputs.len() > MOST {
        let message = format!("tiers: expected at most {MOST}, not {}", inputs.len());
        check.reject(RejectionCode::Invalid, "input.tiers", message);
        return None;
    }
    let (mut ids, mut names, mut thresholds) = (HashSet::new(), HashSet::new(), HashSet::new());
    let mut rungs = Vec::new();
    for (index, (input, id)) in inputs.iter().zip(named).enumerate() {
        let at = |field: &str| format!("input.tiers.{index}.{field}");
        if let Some(id) = id {
            if !tiers.iter().any(|tier| tier.id == *id) {
                check.add(Rejection::not_found(&at("id"), "tier of the program"));
            } else if !ids.insert(*id) {
                check.reject(RejectionCode::Invalid, &at("id"), "id: expected each tier once");
            }
        }
        let name = check.text(&at("name"), &input.name);
        if !names.insert(name.clone()) {
            check.reject(RejectionCode::Invalid, &at("name"), "name: expected one that no other tier has");
        }
        let min_spend = check.amount(&at("minSpend"), &input.min_spend.0, tx.currency);
        if min_spend.is_some_and(|amount| !thresholds.insert(amount.units)) {
            check.reject(RejectionCode::Invalid, &at("minSpend"), "minSpend: expected one that no other tier has");
        }
        if !(0..=100).contains(&input.discount_percent) {
            let message = format!("discountPercent: expected 0 to 100, not {}", input.discount_percent);
            check.reject(RejectionCode::Invalid, &at("discountPercent"), message);
        }
        if input.benefits.len() > MOST {
            check.reject(RejectionCode::Invalid, &at("benefits"), format!("benefits: expected at most {MOST}"));
        }
        let benefits = input.benefits.iter().take(MOST).enumerate();
        rungs.push(Rung {
            id: *id,
            name,
            min_spend: min_spend.map_or(0, |amount| amount.units),
            discount_percent: input.discount_percent,
            benefits: benefits.map(|(place, text)| check.text(&at(&format!("benefits.{place}")), text)).collect(),
        });
    }
    Some(rungs)
}

/// The rows of the tiers, the lowest first. Those that go on as one of `tiers` keep its key.
pub fn rows(
    tx: &Transaction,
    program: Uuid,
    rungs: Vec<Rung>,
    tiers: &[loyalty_tier::Model],
) -> Vec<loyalty_tier::Model> {
    let now = ChronoUnixTimestampMillis(tx.now);
    let continued = ladder::continued(&rungs, tiers);
    let mut rungs: Vec<_> = rungs.into_iter().zip(continued).collect();
    rungs.sort_by_key(|(rung, _)| rung.min_spend);
    let rows = (1..).zip(rungs).map(|(rank, (rung, id))| {
        let before = id.and_then(|id| tiers.iter().find(|tier| tier.id == id));
        let row = loyalty_tier::Model {
            id: before.map_or_else(|| tx.key(), |tier| tier.id),
            program_id: program,
            name: rung.name,
            rank,
            min_spend: rung.min_spend,
            discount_percent: rung.discount_percent,
            benefits: Texts(rung.benefits),
            retired_at: None,
            version: before.map_or(1, |tier| tier.version),
            created_at: before.map_or(now, |tier| tier.created_at),
            updated_at: before.map_or(now, |tier| tier.updated_at),
        };
        match before {
            Some(before) if *before != row => loyalty_tier::Model { version: row.version + 1, updated_at: now, ..row },
            _ => row,
        }
    });
    rows.collect()
}

/// Writes `rows`, which become the tiers of the program in place of `tiers`, those that it has. Tiers that are not among
/// the rows are retired: nobody comes to them any more, and those who hold them can be brought to others.
///
/// # Errors
/// When the database fails.
pub async fn write(
    tx: &Transaction,
    program: Uuid,
    rows: Vec<loyalty_tier::Model>,
    tiers: &[loyalty_tier::Model],
) -> anyhow::Result<()> {
    // All of them at first: names, ranks and thresholds may change places, and those of tiers that are not retired are
    // unique at every moment.
    let sql = "update loyalty_tier set retired_at = $2 where program_id = $1 and retired_at is null";
    let retired = execute(&*tx.db, sql, vec![program.into(), tx.now.timestamp_millis().into()]).await;
    retired.context("could not retire the tiers of a program")?;
    let (kept, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| tiers.iter().any(|tier| tier.id == row.id));
    let kept = kept.into_iter().map(|row| {
        json!({
            "id": row.id.simple().to_string(),
            "name": row.name,
            "rank": row.rank,
            "min_spend": row.min_spend,
            "discount_percent": row.discount_percent,
            "benefits": row.benefits,
            "version": row.version,
            "updated_at": row.updated_at.0.timestamp_millis(),
        })
    });
    let columns = [
        ("id", Kind::Key),
        ("name", Kind::Text),
        ("rank", Kind::Integer),
        ("min_spend", Kind::Integer),
        ("discount_percent", Kind::Integer),
        ("benefits", Kind::Document),
        ("version", Kind::Integer),
        ("updated_at", Kind::Integer),
    ];
    let dialect = tx.dialect();
    let sql = format!(
        "update loyalty_tier set name = kept.name, rank = kept.rank, min_spend = kept.min_spend,
            discount_percent = kept.discount_percent, benefits = kept.benefits, version = kept.version,
            updated_at = kept.updated_at, retired_at = null
        from {} kept
        where loyalty_tier.id = kept.id",
        dialect.table_of_records(1, &columns),
    );
    let written = execute(&*tx.db, &sql, vec![Dialect::records(kept)?]).await;
    written.context("could not write the tiers of a program")?;
    insert_all(&*tx.db, new).await.context("could not write the new tiers of a program")
}

//! Making and editing loyalty programs.

use std::{cmp::Ordering, collections::HashMap};

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{
    ChronoUnixTimestampMillis, loyalty_membership,
    loyalty_program::{self, LoyaltyEvaluation},
    loyalty_tier,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::{
    input::{LoyaltyProgramCreateInput, LoyaltyProgramUpdateInput},
    tiers,
};
use crate::{
    check::{Check, LONGEST_DESCRIPTION},
    event::{Event, log},
    loyalty::standing::{Move, settle_program},
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{insert_all, update as write},
    transaction::Transaction,
};

/// The most days of grace after a period: the next one ends no earlier.
const MOST_GRACE_DAYS: i32 = 365;

/// The column that no two programs share, and the argument that holds it.
const UNIQUE: [(&str, &str); 1] = [("handle", "input.handle")];

/// Makes a program. `named` are the tiers that the input names, of which there is none yet.
///
/// # Errors
/// When a value is not what it must be.
pub async fn create(tx: &Transaction, input: &LoyaltyProgramCreateInput, named: &[Option<Uuid>]) -> Attempt<Uuid> {
    let mut check = Check::default();
    let name = check.text("input.name", &input.name);
    let handle = check.handle("input.handle", input.handle.as_deref(), &name);
    check.unique::<loyalty_program::Entity>(tx, "input.handle", loyalty_program::Column::Handle, &handle, None).await?;
    let description =
        check.optional_text_within("input.description", input.description.as_deref(), LONGEST_DESCRIPTION);
    let mut grace_days = Some(0);
    check.change("input.graceDays", &input.grace_days, &mut grace_days, |check, path, days| {
        Some(grace(check, path, *days))
    });
    let rungs = tiers::checked(tx, &mut check, &input.tiers, named, &[]);
    check.done()?;
    let now = ChronoUnixTimestampMillis(tx.now);
    let program = loyalty_program::Model {
        id: tx.key(),
        handle,
        name,
        description,
        is_default: false,
        evaluation: input.evaluation.unwrap_or(LoyaltyEvaluation::Lifetime),
        grace_days,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let id = program.id;
    let rows = tiers::rows(tx, id, rungs.unwrap_or_default(), &[]);
    insert_all(&*tx.db, vec![program]).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    insert_all(&*tx.db, rows).await.context("could not write the tiers of a program")?;
    Ok(id)
}

/// Edits a program and its tiers, and brings its members to the tiers that their spending reaches then. An edit that
/// changes nothing writes nothing.
///
/// # Errors
/// When there is no such program or tier of it, it was edited meanwhile, or a value is not what it must be.
pub async fn update(
    tx: &Transaction,
    program: Uuid,
    input: &LoyaltyProgramUpdateInput,
    named: &[Option<Uuid>],
) -> Attempt<Uuid> {
    let before = loyalty_program::Entity::find_by_id(program).lock(LockType::NoKeyUpdate).one(&*tx.db).await;
    let before = before.context("could not read a program")?;
    let before = before.ok_or_else(|| Rejection::not_found("input.id", "loyalty program"))?;
    expect_version(input.expected_version, before.version)?;
    let old = loyalty_tier::Entity::find()
        .filter(loyalty_tier::Column::ProgramId.eq(program))
        .order_by_asc(loyalty_tier::Column::Rank)
        .all(&*tx.db)
        .await
        .context("could not read the tiers of a program")?;
    let mut check = Check::default();
    let mut after = edited(tx, &mut check, before.clone(), input).await?;
    let rungs = match &input.tiers {
        MaybeUndefined::Value(inputs) => tiers::checked(tx, &mut check, inputs, named, &old),
        MaybeUndefined::Null => {
            check.reject(RejectionCode::Required, "input.tiers", "tiers: expected tiers, not null");
            None
        }
        MaybeUndefined::Undefined => None,
    };
    check.done()?;
    let new = rungs.map_or_else(|| old.clone(), |rungs| tiers::rows(tx, program, rungs, &old));
    if after == before && new == old {
        return Ok(program);
    }
    let is_another_ladder = thresholds(&new) != thresholds(&old) || after.evaluation != before.evaluation;
    after.version += 1;
    after.updated_at = ChronoUnixTimestampMillis(tx.now);
    write(&*tx.db, &before, &after).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    if is_another_ladder {
        lock_members(tx, program).await?;
    }
    if new != old {
        tiers::write(tx, program, new.clone(), &old).await?;
    }
    if is_another_ladder {
        settle(tx, program, &new, &old).await?;
        tiers::drop_parked(tx, program).await?;
    }
    Ok(program)
}

/// The program with the edit, its tiers left out.
async fn edited(
    tx: &Transaction,
    check: &mut Check,
    mut program: loyalty_program::Model,
    input: &LoyaltyProgramUpdateInput,
) -> anyhow::Result<loyalty_program::Model> {
    let own = program.id;
    check.replace_by("input.name", &input.name, &mut program.name, |check, path, name| check.text(path, name));
    check.replace_by("input.handle", &input.handle, &mut program.handle, |check, path, handle| {
        check.handle(path, Some(handle), "")
    });
    let (column, handle) = (loyalty_program::Column::Handle, &program.handle);
    check.unique::<loyalty_program::Entity>(tx, "input.handle", column, handle, Some(own)).await?;
    check.change_text("input.description", &input.description, &mut program.description, LONGEST_DESCRIPTION);
    check.replace("input.evaluation", &input.evaluation, &mut program.evaluation);
    check.change("input.graceDays", &input.grace_days, &mut program.grace_days, |check, path, days| {
        Some(grace(check, path, *days))
    });
    Ok(program)
}

/// The days of grace, checked: so many as can be.
fn grace(check: &mut Check, path: &str, days: i32) -> i32 {
    if !(0..=MOST_GRACE_DAYS).contains(&days) {
        let message = format!("graceDays: expected 0 to {MOST_GRACE_DAYS}, not {days}");
        check.reject(RejectionCode::Invalid, path, message);
    }
    days
}

/// What decides which tier a spending reaches.
fn thresholds(tiers: &[loyalty_tier::Model]) -> Vec<(Uuid, i64)> {
    tiers.iter().map(|tier| (tier.id, tier.min_spend)).collect()
}

/// Locks the customers who are in the program, so that nobody's spending changes while they come to other tiers.
async fn lock_members(tx: &Transaction, program: Uuid) -> anyhow::Result<()> {
    let members: Vec<Uuid> = loyalty_membership::Entity::find()
        .select_only()
        .column(loyalty_membership::Column::CustomerId)
        .filter(loyalty_membership::Column::ProgramId.eq(program))
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the members of a program")?;
    log::lock(&*tx.db, &members).await?;
    for member in members {
        tx.lock(member);
    }
    Ok(())
}

/// Brings the members to the tiers that they reach, and tells of it. Who held a tier that was taken away rises when the
/// new one begins higher than it began. Where it begins alike it has but another name: nobody rises or falls.
async fn settle(
    tx: &Transaction,
    program: Uuid,
    new: &[loyalty_tier::Model],
    old: &[loyalty_tier::Model],
) -> anyhow::Result<()> {
    let begins: HashMap<_, _> = new.iter().map(|tier| (tier.id, tier.min_spend)).collect();
    let began: HashMap<_, _> = old.iter().map(|tier| (tier.id, tier.min_spend)).collect();
    for Move { customer, program, from, tier, is_rise, .. } in settle_program(&*tx.db, tx.now, program).await? {
        let way = if begins.contains_key(&from) {
            if is_rise { Ordering::Greater } else { Ordering::Less }
        } else {
            begins.get(&tier).cmp(&began.get(&from))
        };
        match way {
            Ordering::Greater => tx.emit(Event::CustomerUpgraded { customer, program, tier }),
            Ordering::Less => tx.emit(Event::CustomerDowngraded { customer, program, tier }),
            Ordering::Equal => {}
        }
    }
    Ok(())
}

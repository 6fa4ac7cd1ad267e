//! Making and editing loyalty programs.

use std::collections::BTreeMap;

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{
    ChronoUnixTimestampMillis,
    loyalty_program::{self, LoyaltyEvaluation},
    loyalty_tier,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::{
    input::{LoyaltyProgramCreateInput, LoyaltyProgramUpdateInput},
    tiers,
};
use crate::{
    check::{Check, LONGEST_DESCRIPTION},
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{execute, insert_all, update as write},
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
        is_settled: true,
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

/// Edits a program and its tiers. Its members are brought to the tiers that their spending reaches then once this is
/// committed: see [`unsettled`]. An edit that changes nothing writes nothing.
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
        .filter(loyalty_tier::Column::RetiredAt.is_null())
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
    if thresholds(&new) != thresholds(&old) || after.evaluation != before.evaluation {
        after.is_settled = false;
        tx.note_unsettled();
    }
    after.version += 1;
    after.updated_at = ChronoUnixTimestampMillis(tx.now);
    write(&*tx.db, &before, &after).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    if new != old {
        tiers::write(tx, program, new, &old).await?;
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

/// The programs whose members have yet to be brought to where they belong, each with its version.
///
/// # Errors
/// When the database fails.
pub async fn unsettled(db: &impl ConnectionTrait) -> anyhow::Result<BTreeMap<Uuid, i32>> {
    let programs: Vec<(Uuid, i32)> = loyalty_program::Entity::find()
        .select_only()
        .columns([loyalty_program::Column::Id, loyalty_program::Column::Version])
        .filter(loyalty_program::Column::IsSettled.eq(false))
        .into_tuple()
        .all(db)
        .await
        .context("could not read which loyalty programs are not settled")?;
    Ok(programs.into_iter().collect())
}

/// Marks a program as settled, unless it was edited since this version.
///
/// # Errors
/// When the database fails.
pub async fn mark_settled(db: &impl ConnectionTrait, program: Uuid, version: i32) -> anyhow::Result<()> {
    let sql = "update loyalty_program set is_settled = true where id = $1 and version = $2";
    let marked = execute(db, sql, vec![program.into(), version.into()]).await;
    marked.context("could not mark a loyalty program as settled")?;
    Ok(())
}

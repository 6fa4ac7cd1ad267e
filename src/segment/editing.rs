//! Making, editing and deleting segments, and choosing the members of static ones by hand.

use std::collections::BTreeSet;

use anyhow::Context;
use entity::{
    ChronoUnixTimestampMillis,
    segment::{self, SegmentKind},
    segment_membership,
};
use sea_orm::{ColumnTrait, EntityTrait, ModelTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::{
    input::{SegmentCreateInput, SegmentUpdateInput},
    operations::{enter, leave},
};
use crate::{
    check::{Check, LONGEST_DESCRIPTION},
    customer::row::lock_all_live,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{Values, insert_all, update as write},
    transaction::Transaction,
};

/// How many customers one call may add or remove.
const MOST_MEMBERS: usize = 250;

/// The column that no two segments share, and the argument that holds it.
const UNIQUE: [(&str, &str); 1] = [("handle", "input.handle")];

/// Customers who are to be added to a segment, or removed.
#[derive(Clone, Debug)]
pub struct Members {
    /// The segment.
    pub segment: Uuid,
    /// The customers.
    pub customers: Vec<Uuid>,
}

/// Makes a static segment.
///
/// # Errors
/// When a value is not what it must be.
pub async fn create(tx: &Transaction, input: &SegmentCreateInput) -> Attempt<Uuid> {
    let mut check = Check::default();
    let name = check.text("input.name", &input.name);
    let handle = check.handle("input.handle", input.handle.as_deref(), &name);
    check.unique::<segment::Entity>(tx, "input.handle", segment::Column::Handle, &handle, None).await?;
    let description =
        check.optional_text_within("input.description", input.description.as_deref(), LONGEST_DESCRIPTION);
    check.done()?;
    let now = ChronoUnixTimestampMillis(tx.now);
    let segment = segment::Model {
        id: tx.key(),
        handle,
        name,
        description,
        kind: SegmentKind::Static,
        is_built_in: false,
        rule: None,
        computed_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let id = segment.id;
    insert_all(&*tx.db, vec![segment]).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    Ok(id)
}

/// Edits a segment. An edit that changes nothing writes nothing.
///
/// # Errors
/// When there is no such segment, it was edited meanwhile, a value is not what it must be, or the handle is that of a
/// built-in segment.
pub async fn update(tx: &Transaction, segment: Uuid, input: &SegmentUpdateInput) -> Attempt<Uuid> {
    let before = lock(tx, segment, "input.id", LockType::NoKeyUpdate).await?;
    expect_version(input.expected_version, before.version)?;
    let mut check = Check::default();
    let mut after = before.clone();
    check.replace_by("input.name", &input.name, &mut after.name, |check, path, name| check.text(path, name));
    check.replace_by("input.handle", &input.handle, &mut after.handle, |check, path, handle| {
        check.handle(path, Some(handle), "")
    });
    if after.handle != before.handle {
        if before.is_built_in {
            let message = format!("handle: that of a built-in segment stays {}", before.handle);
            check.reject(RejectionCode::NotAllowed, "input.handle", message);
        }
        let column = segment::Column::Handle;
        check.unique::<segment::Entity>(tx, "input.handle", column, &after.handle, Some(segment)).await?;
    }
    check.change_text("input.description", &input.description, &mut after.description, LONGEST_DESCRIPTION);
    check.done()?;
    if after == before {
        return Ok(segment);
    }
    after.version += 1;
    after.updated_at = ChronoUnixTimestampMillis(tx.now);
    write(&*tx.db, &before, &after).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    Ok(segment)
}

/// Deletes a segment, whose members leave it.
///
/// # Errors
/// When there is no such segment, it was edited meanwhile, or it is a built-in one.
pub async fn delete(tx: &Transaction, segment: Uuid, expected_version: Option<i32>) -> Attempt<Uuid> {
    // Whoever adds members holds the row, or waits and finds none.
    let row = lock(tx, segment, "input.id", LockType::Update).await?;
    expect_version(expected_version, row.version)?;
    if row.is_built_in {
        let message = "id: a built-in segment cannot be deleted";
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.id", message).into());
    }
    let members: Vec<Uuid> = segment_membership::Entity::find()
        .select_only()
        .column(segment_membership::Column::CustomerId)
        .filter(segment_membership::Column::SegmentId.eq(segment))
        .order_by_asc(segment_membership::Column::CustomerId)
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the members of a segment")?;
    leave(tx, members.into_iter().map(|customer| (segment, customer)).collect()).await?;
    row.delete(&*tx.db).await.context("could not delete a segment")?;
    Ok(segment)
}

/// Puts customers into a static segment; events tell of those who were not in it.
///
/// # Errors
/// When there is no such segment or customer, too many are named, or the segment is a dynamic one.
pub async fn add_members(tx: &Transaction, members: &Members) -> Attempt<Uuid> {
    let (known, held) = prepare(tx, members).await?;
    enter(tx, known.difference(&held).map(|customer| (members.segment, *customer)).collect()).await?;
    Ok(members.segment)
}

/// Takes customers out of a static segment; events tell of those who were in it.
///
/// # Errors
/// As [`add_members`].
pub async fn remove_members(tx: &Transaction, members: &Members) -> Attempt<Uuid> {
    let (_, held) = prepare(tx, members).await?;
    leave(tx, held.into_iter().map(|customer| (members.segment, customer)).collect()).await?;
    Ok(members.segment)
}

/// The customers, locked, and those of them who are in the segment.
async fn prepare(tx: &Transaction, members: &Members) -> Attempt<(BTreeSet<Uuid>, BTreeSet<Uuid>)> {
    let Members { segment, customers } = members;
    let row = lock(tx, *segment, "input.segment", LockType::KeyShare).await?;
    let mut check = Check::default();
    if row.kind == SegmentKind::Dynamic {
        let message = "segment: expected a static one; the members of a dynamic one are those its rule holds for";
        check.reject(RejectionCode::NotAllowed, "input.segment", message);
    }
    let known = if customers.len() > MOST_MEMBERS {
        let message = format!("customers: expected at most {MOST_MEMBERS}, not {}", customers.len());
        check.reject(RejectionCode::Invalid, "input.customers", message);
        BTreeSet::new()
    } else {
        let known = lock_all_live(tx, customers).await?;
        let unknown = customers.iter().enumerate().filter(|(_, customer)| !known.contains(customer));
        for (index, _) in unknown {
            check.add(Rejection::not_found(&format!("input.customers.{index}"), "customer"));
        }
        known
    };
    check.done()?;
    let held: Vec<Uuid> = segment_membership::Entity::find()
        .select_only()
        .column(segment_membership::Column::CustomerId)
        .filter(segment_membership::Column::SegmentId.eq(*segment))
        .filter(
            tx.dialect().among(segment_membership::Column::CustomerId.into_expr(), &Values::Keys(customers.clone())),
        )
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the members of a segment")?;
    Ok((known, held.into_iter().collect()))
}

/// The segment, locked.
async fn lock(tx: &Transaction, segment: Uuid, path: &str, lock: LockType) -> Attempt<segment::Model> {
    let row = segment::Entity::find_by_id(segment).lock(lock).one(&*tx.db).await;
    let row = row.context("could not read a segment")?;
    Ok(row.ok_or_else(|| Rejection::not_found(path, "segment"))?)
}

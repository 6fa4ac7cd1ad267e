//! Making, editing and deleting segments, and choosing the members of static ones by hand.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{
    ChronoUnixTimestampMillis,
    segment::{self, SegmentKind},
    segment_membership,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect,
    prelude::Json,
    sea_query::{ExprTrait, LockType},
};
use uuid::Uuid;

use super::{
    input::{SegmentCreateInput, SegmentUpdateInput},
    named::{Named, by_keys},
    operations::{enter, leave},
    reasons::Reasons,
    rules,
};
use crate::{
    check::{Check, LONGEST_DESCRIPTION},
    customer::{CustomerWhere, row::lock_all_live},
    filter::Rule,
    graphql::comparison::Where,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{Values, insert_all, update as write},
    transaction::Transaction,
};

/// How many customers one call may add or remove.
const MOST_MEMBERS: usize = 250;

/// The column that no two segments share, and the argument that holds it.
const UNIQUE: [(&str, &str); 1] = [("handle", "input.handle")];

/// Where the rule stands in the arguments.
const RULE: &str = "input.where";

/// Customers who are to be added to a segment, or removed.
#[derive(Clone, Debug)]
pub struct Members {
    /// The segment.
    pub segment: Uuid,
    /// The customers.
    pub customers: Vec<Uuid>,
}

/// Makes a segment: a dynamic one if there is a rule. Its members are found once this is committed.
///
/// # Errors
/// When a value is not what it must be, or the rule is about segments that are not there.
pub async fn create(tx: &Transaction, input: &SegmentCreateInput, rule: Option<Rule>) -> Attempt<Uuid> {
    let id = tx.key();
    let mut check = Check::default();
    let name = check.text("input.name", &input.name);
    let handle = check.handle("input.handle", input.handle.as_deref(), &name);
    check.unique::<segment::Entity>(tx, "input.handle", segment::Column::Handle, &handle, None).await?;
    let description =
        check.optional_text_within("input.description", input.description.as_deref(), LONGEST_DESCRIPTION);
    let rule = match rule {
        Some(rule) => stored(tx, &mut check, id, rule).await?,
        None => None,
    };
    check.done()?;
    let now = ChronoUnixTimestampMillis(tx.now);
    let segment = segment::Model {
        id,
        handle,
        name,
        description,
        kind: if rule.is_some() { SegmentKind::Dynamic } else { SegmentKind::Static },
        is_built_in: false,
        rule,
        computed_at: None,
        deleted_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    insert_all(&*tx.db, vec![segment]).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    Ok(id)
}

/// Edits a segment; `rule` is what becomes of its rule. An edit that changes nothing writes nothing. The members by
/// another rule are found once this is committed.
///
/// # Errors
/// When there is no such segment, it was edited meanwhile, a value is not what it must be, the rule is about segments that
/// are not there or about itself, or the handle or the rule is that of a built-in segment.
pub async fn update(
    tx: &Transaction,
    segment: Uuid,
    input: &SegmentUpdateInput,
    rule: MaybeUndefined<Rule>,
) -> Attempt<Uuid> {
    // Whoever moves by the rule of now holds the row until they are done, or waits and goes by the next.
    let before = lock(tx, segment, "input.id", LockType::Update).await?;
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
    match rule {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => after.rule = None,
        MaybeUndefined::Value(rule) => after.rule = stored(tx, &mut check, segment, rule).await?,
    }
    if before.is_built_in && after.rule != before.rule {
        let message = "where: the rule of a built-in segment stays as it is";
        check.reject(RejectionCode::NotAllowed, "input.where", message);
    }
    check.done()?;
    if after == before {
        return Ok(segment);
    }
    if after.rule != before.rule {
        after.kind = if after.rule.is_some() { SegmentKind::Dynamic } else { SegmentKind::Static };
        after.computed_at = None;
    }
    // Who moves by a rule is asked for the version of its segment, and who reads rules tells segments by their handles.
    if before.rule.is_some() || after.rule.is_some() || after.handle != before.handle {
        rules::renew(&*tx.db, tx.key()).await?;
    }
    after.version += 1;
    after.updated_at = ChronoUnixTimestampMillis(tx.now);
    write(&*tx.db, &before, &after).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    Ok(segment)
}

/// Deletes a segment: nobody sees it any more. Its members leave once this is committed, and then its row goes: see
/// [`super::operations::empty`].
///
/// # Errors
/// When there is no such segment, it was edited meanwhile, it is a built-in one, or the rule of another is about it.
pub async fn delete(tx: &Transaction, segment: Uuid, expected_version: Option<i32>) -> Attempt<Uuid> {
    // Whoever adds members holds the row, or waits and finds none.
    let row = lock(tx, segment, "input.id", LockType::Update).await?;
    expect_version(expected_version, row.version)?;
    if row.is_built_in {
        let message = "id: a built-in segment cannot be deleted";
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.id", message).into());
    }
    // Locked before it is looked at: a rule that names the segment may be written meanwhile.
    rules::renew(&*tx.db, tx.key()).await?;
    if let Some(dependent) = rules::read(&*tx.db, &tx.reading()).await?.dependent(segment) {
        let message = format!("id: the rule of the segment {} is about this one", dependent.name);
        return Err(Rejection::new(RejectionCode::NotAllowed, "input.id", message).into());
    }
    let gone = segment::Model {
        // Another may have its own.
        handle: segment.simple().to_string(),
        kind: SegmentKind::Static,
        rule: None,
        computed_at: None,
        deleted_at: Some(ChronoUnixTimestampMillis(tx.now)),
        version: row.version + 1,
        ..row.clone()
    };
    write(&*tx.db, &row, &gone).await.context("could not delete a segment")?;
    tx.note_unsettled();
    Ok(segment)
}

/// Puts customers into a static segment; events tell of those who were not in it.
///
/// # Errors
/// When there is no such segment or customer, too many are named, or the segment is a dynamic one.
pub async fn add_members(tx: &Transaction, members: &Members) -> Attempt<Uuid> {
    let (known, held) = prepare(tx, members).await?;
    let places = known.difference(&held).map(|customer| (members.segment, *customer)).collect();
    enter(tx, places, None, &mut Reasons::new()).await?;
    Ok(members.segment)
}

/// Takes customers out of a static segment; events tell of those who were in it.
///
/// # Errors
/// As [`add_members`].
pub async fn remove_members(tx: &Transaction, members: &Members) -> Attempt<Uuid> {
    let (_, held) = prepare(tx, members).await?;
    let places = held.into_iter().map(|customer| (members.segment, customer)).collect();
    leave(tx, places, None, &mut Reasons::new()).await?;
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

/// The rule of `segment` as it is stored: other segments are named by their keys. None if it cannot be one, which `check`
/// is told.
async fn stored(tx: &Transaction, check: &mut Check, segment: Uuid, rule: Rule) -> Attempt<Option<Json>> {
    let named = match Named::of(CustomerWhere::SUBJECT, &rule) {
        Ok(named) => named,
        Err(unnamed) => {
            check.reject(RejectionCode::Invalid, RULE, unnamed.to_string());
            return Ok(None);
        }
    };
    tx.note_unsettled();
    // Whoever else writes a rule waits from here on, so that two cannot close a circle together.
    rules::renew(&*tx.db, tx.key()).await?;
    let known = known(tx, &named).await?;
    let strange = named.handles.iter().filter(|handle| !known.contains_key(*handle)).cloned();
    let strange_keys = named.keys.iter().filter(|key| !known.values().any(|known| known == *key));
    let strange: Vec<_> = strange.chain(strange_keys.map(Uuid::to_string)).collect();
    if !strange.is_empty() {
        let message = format!("segments: there is no segment {}", strange.join(", "));
        check.reject(RejectionCode::NotFound, RULE, message);
        return Ok(None);
    }
    let rule = by_keys(CustomerWhere::SUBJECT, rule, &known);
    let names: BTreeSet<Uuid> = known.into_values().collect();
    if !names.is_empty() {
        let book = rules::read(&*tx.db, &tx.reading()).await?;
        if let Some(way) = book.cycle(segment, &names) {
            let way: Vec<_> = way.into_iter().map(|key| book.title(key).unwrap_or_default().to_owned()).collect();
            let message = format!("segments: a segment cannot depend on itself: {}", way.join(" → "));
            check.reject(RejectionCode::Invalid, RULE, message);
            return Ok(None);
        }
    }
    Ok(Some(serde_json::to_value(rule).context("could not write a rule")?))
}

/// The segments that are named and there, by their handles.
async fn known(tx: &Transaction, named: &Named) -> anyhow::Result<BTreeMap<String, Uuid>> {
    if *named == Named::default() {
        return Ok(BTreeMap::new());
    }
    let (id, handle) = (segment::Column::Id.into_expr(), segment::Column::Handle.into_expr());
    let by_key = tx.dialect().among(id, &Values::Keys(named.keys.iter().copied().collect()));
    let by_handle = tx.dialect().among(handle, &Values::Texts(named.handles.iter().cloned().collect()));
    let segments: Vec<(String, Uuid)> = segment::Entity::find()
        .select_only()
        .columns([segment::Column::Handle, segment::Column::Id])
        .filter(by_key.or(by_handle))
        .filter(segment::Column::DeletedAt.is_null())
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read the segments that a rule is about")?;
    Ok(segments.into_iter().collect())
}

/// The segment, locked.
async fn lock(tx: &Transaction, segment: Uuid, path: &str, lock: LockType) -> Attempt<segment::Model> {
    let row = segment::Entity::find_by_id(segment).lock(lock).one(&*tx.db).await;
    let row = row.context("could not read a segment")?.filter(|row| row.deleted_at.is_none());
    Ok(row.ok_or_else(|| Rejection::not_found(path, "segment"))?)
}

//! Entering, changing, deleting and restoring customers.

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{
    ChronoUnixTimestampMillis,
    communication::{CommunicationChannel, CommunicationPurpose},
    consent::{self, ConsentState},
    customer::{Column, CustomerKind, Entity, Model},
    customer_tag,
};
use sea_orm::{
    ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use super::{
    CustomerKey,
    edit::{self, changed_fields},
    input::CustomerFacts,
    row, telephone,
};
use crate::{
    check::Check,
    consent::operations::decided_now,
    event::Event,
    fold,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{insert_all, update as write},
    transaction::{Overtaken, Transaction},
};

/// The columns that are unique, and the arguments that say what is in them.
const UNIQUE: [(&str, &str); 2] = [("email", "input.email"), ("external_id", "input.externalId")];

/// Enters a customer. `source` is the mutation that the log of consent names.
///
/// # Errors
/// When something of what is said of them is wrong, or taken.
pub async fn create(tx: &Transaction, facts: &CustomerFacts, source: &str) -> Attempt<Uuid> {
    let now = ChronoUnixTimestampMillis(tx.now);
    let blank = Model::new(tx.key(), CustomerKind::Person, String::new(), now, now);
    let mut check = Check::default();
    let customer = edit::apply(&mut check, &without_nulls(facts), &blank, None, tx.now);
    check_unique(tx, &mut check, &blank, &customer).await?;
    check.done()?;
    let id = customer.id;
    insert_all(&*tx.db, vec![customer.clone()]).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    tx.lock(id);
    tx.emit(Event::CustomerCreated { customer: id });
    write_tags(tx, &blank, &customer).await?;
    write_consent(tx, &blank, &customer, source).await?;
    Ok(id)
}

/// Changes a customer. What changes nothing is no edit.
///
/// # Errors
/// When there is no such customer, they were edited meanwhile, or something of what is said of them is wrong or taken.
pub async fn update(
    tx: &Transaction,
    customer: Uuid,
    facts: &CustomerFacts,
    expected_version: Option<i32>,
) -> Attempt<Uuid> {
    let before = row::lock(tx, customer, "input.id").await?;
    expect_version(expected_version, before.version)?;
    change(tx, &before, facts, "customerUpdate").await
}

/// Changes the customer who is known by `key`, or enters them. Whoever enters the same customer at the same time wins,
/// and this one is tried again.
///
/// # Errors
/// When the customer is deleted, or something of what is said of them is wrong or taken.
pub async fn upsert(tx: &Transaction, key: &CustomerKey, facts: &CustomerFacts) -> Attempt<Uuid> {
    let (condition, path) = match key {
        CustomerKey::Email(email) => (has_email(&fold::email(email)), "input.email"),
        CustomerKey::ExternalId(id) => (Column::ExternalId.eq(id.trim()), "input.externalId"),
    };
    agree(key, facts, path)?;
    if let Some(before) = row::find_by(tx, condition).await? {
        if before.deleted_at.is_some() {
            let message = "key: the customer who has it is deleted, and can only be restored";
            return Err(Rejection::new(RejectionCode::NotAllowed, "input.key", message).into());
        }
        return change(tx, &before, facts, "customerUpsert").await;
    }
    let mut facts = facts.clone();
    let (field, value) = match key {
        CustomerKey::Email(email) => (&mut facts.email, email),
        CustomerKey::ExternalId(id) => (&mut facts.external_id, id),
    };
    if field.is_undefined() {
        *field = MaybeUndefined::Value(value.clone());
    }
    create(tx, &facts, "customerUpsert").await.map_err(|refusal| match refusal {
        Refusal::Rejected(rejections) if rejections.contains(&Rejection::taken(path)) => {
            anyhow::Error::new(Overtaken).into()
        }
        other => other,
    })
}

/// Deletes a customer, so that they can be restored. Their e-mail address is free for others from then on.
///
/// # Errors
/// When there is no such customer, or they were edited meanwhile.
pub async fn delete(tx: &Transaction, customer: Uuid, expected_version: Option<i32>) -> Attempt<Uuid> {
    let before = row::lock(tx, customer, "input.id").await?;
    expect_version(expected_version, before.version)?;
    let after = Model { deleted_at: Some(ChronoUnixTimestampMillis(tx.now)), ..before.clone() };
    write_edit(tx, &before, after).await?;
    tx.emit(Event::CustomerDeleted { customer });
    Ok(customer)
}

/// Brings a deleted customer back, as they were. One who is not deleted stays as they are.
///
/// # Errors
/// When there is no such customer, or another has their e-mail address now.
pub async fn restore(tx: &Transaction, customer: Uuid) -> Attempt<Uuid> {
    const PATH: &str = "input.id";
    let before = row::find(tx, customer).await?.ok_or_else(|| Rejection::not_found(PATH, "customer"))?;
    if before.deleted_at.is_none() {
        return Ok(customer);
    }
    if let Some(email) = &before.email_key
        && is_there(tx, customer, has_email(email)).await?
    {
        let message = "id: another customer has the e-mail address of this one meanwhile; theirs must go first";
        return Err(Rejection::new(RejectionCode::Taken, PATH, message).into());
    }
    let after = Model { deleted_at: None, ..before.clone() };
    write_edit(tx, &before, after).await.map_err(|refusal| match refusal {
        Refusal::Rejected(_) => Rejection::taken(PATH).into(),
        failed @ Refusal::Failed(_) => failed,
    })?;
    tx.emit(Event::CustomerRestored { customer });
    Ok(customer)
}

/// Adds tags to those that the customer has.
///
/// # Errors
/// When there is no such customer, they were edited meanwhile, a tag is wrong, or there would be too many.
pub async fn add_tags(
    tx: &Transaction,
    customer: Uuid,
    tags: &[String],
    expected_version: Option<i32>,
) -> Attempt<Uuid> {
    let before = row::lock(tx, customer, "input.id").await?;
    expect_version(expected_version, before.version)?;
    let mut check = Check::default();
    let given = edit::tags(&mut check, tags);
    let mut after = before.clone();
    after.tags.0.extend(given.into_iter().filter(|tag| !before.tags.0.contains(tag)));
    if after.tags.0.len() > edit::MOST_TAGS {
        let message = format!("tags: expected at most {} with those that are there", edit::MOST_TAGS);
        check.reject(RejectionCode::Invalid, "input.tags", message);
    }
    check.done()?;
    retag(tx, &before, after).await
}

/// Takes tags from a customer. Those that they do not have do not matter.
///
/// # Errors
/// When there is no such customer, they were edited meanwhile, or too many tags are named.
pub async fn remove_tags(
    tx: &Transaction,
    customer: Uuid,
    tags: &[String],
    expected_version: Option<i32>,
) -> Attempt<Uuid> {
    let before = row::lock(tx, customer, "input.id").await?;
    expect_version(expected_version, before.version)?;
    let mut check = Check::default();
    let given = edit::tags(&mut check, tags);
    check.done()?;
    let mut after = before.clone();
    after.tags.0.retain(|tag| !given.contains(tag));
    retag(tx, &before, after).await
}

async fn retag(tx: &Transaction, before: &Model, after: Model) -> Attempt<Uuid> {
    if after.tags != before.tags {
        write_tags(tx, before, &after).await?;
        write_edit(tx, before, after).await?;
    }
    Ok(before.id)
}

async fn change(tx: &Transaction, before: &Model, facts: &CustomerFacts, source: &str) -> Attempt<Uuid> {
    let country = telephone::country_for(tx, before.id, &[&facts.telephone]).await?;
    let mut check = Check::default();
    let after = edit::apply(&mut check, facts, before, country.as_deref(), tx.now);
    check_unique(tx, &mut check, before, &after).await?;
    check.done()?;
    let changed = changed_fields(before, &after);
    if changed.is_empty() && after.tags == before.tags {
        return Ok(before.id);
    }
    if !changed.is_empty() {
        tx.emit(Event::CustomerUpdated { customer: before.id, changed });
    }
    write_tags(tx, before, &after).await?;
    write_consent(tx, before, &after, source).await?;
    write_edit(tx, before, after).await?;
    Ok(before.id)
}

/// Writes what differs, as one edit.
async fn write_edit(tx: &Transaction, before: &Model, after: Model) -> Attempt<()> {
    let after = Model { version: before.version + 1, updated_at: ChronoUnixTimestampMillis(tx.now), ..after };
    write(&*tx.db, before, &after).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))
}

/// Keeps the index of tags, and tells of a change.
async fn write_tags(tx: &Transaction, before: &Model, after: &Model) -> anyhow::Result<()> {
    let (were, are) = (&before.tags.0, &after.tags.0);
    let gone: Vec<_> = were.iter().filter(|tag| !are.contains(tag)).cloned().collect();
    let new = are.iter().filter(|tag| !were.contains(tag)).cloned();
    let new: Vec<_> = new.map(|tag| customer_tag::Model { tag, customer_id: after.id }).collect();
    if gone.is_empty() && new.is_empty() {
        return Ok(());
    }
    if !gone.is_empty() {
        customer_tag::Entity::delete_many()
            .filter(customer_tag::Column::CustomerId.eq(after.id))
            .filter(customer_tag::Column::Tag.is_in(gone))
            .exec(&*tx.db)
            .await
            .context("could not remove tags")?;
    }
    insert_all(&*tx.db, new).await.context("could not add tags")?;
    tx.emit(Event::CustomerTagged { customer: after.id });
    Ok(())
}

/// Enters what a client said of marketing into the log of consent.
async fn write_consent(tx: &Transaction, before: &Model, after: &Model, source: &str) -> anyhow::Result<()> {
    let decisions = [
        (CommunicationChannel::Email, before.email_opt_in, after.email_opt_in),
        (CommunicationChannel::Sms, before.sms_opt_in, after.sms_opt_in),
    ];
    let decisions: Vec<_> = decisions.into_iter().filter(|(_, was, is)| was != is).collect();
    if decisions.is_empty() {
        return Ok(());
    }
    let decided_at = ChronoUnixTimestampMillis(decided_now(tx, after.id).await?);
    let entries = decisions.into_iter().map(|(channel, _, is_allowed)| consent::Model {
        id: tx.key(),
        customer_id: after.id,
        channel,
        purpose: CommunicationPurpose::Marketing,
        state: if is_allowed { ConsentState::Granted } else { ConsentState::Withdrawn },
        wording_version: None,
        source: source.to_owned(),
        decided_at,
        created_at: ChronoUnixTimestampMillis(tx.now),
    });
    insert_all(&*tx.db, entries.collect()).await.context("could not write consent")
}

/// Tells `check` of values that another customer has.
async fn check_unique(tx: &Transaction, check: &mut Check, before: &Model, after: &Model) -> anyhow::Result<()> {
    if let Some(email) = after.email_key.as_ref().filter(|_| after.email_key != before.email_key)
        && is_there(tx, after.id, has_email(email)).await?
    {
        check.add(Rejection::taken("input.email"));
    }
    if let Some(id) = after.external_id.as_ref().filter(|_| after.external_id != before.external_id)
        && is_there(tx, after.id, Column::ExternalId.eq(id)).await?
    {
        check.add(Rejection::taken("input.externalId"));
    }
    Ok(())
}

/// The condition that a customer who is not deleted has this address.
fn has_email(key: &str) -> Expr {
    ExprTrait::and(Column::EmailKey.eq(key), Column::DeletedAt.is_null())
}

/// Whether the condition holds for another customer than this one.
async fn is_there(tx: &Transaction, but: Uuid, condition: Expr) -> anyhow::Result<bool> {
    let count = Entity::find().filter(condition).filter(Column::Id.ne(but)).count(&*tx.db).await;
    Ok(count.context("could not look for another customer")? > 0)
}

/// In a new customer null says nothing.
fn without_nulls(facts: &CustomerFacts) -> CustomerFacts {
    let mut facts = facts.clone();
    let CustomerFacts { kind, email_opt_in, sms_opt_in, customer_since, .. } = &mut facts;
    if kind.is_null() {
        *kind = MaybeUndefined::Undefined;
    }
    for opt_in in [email_opt_in, sms_opt_in] {
        if opt_in.is_null() {
            *opt_in = MaybeUndefined::Undefined;
        }
    }
    if customer_since.is_null() {
        *customer_since = MaybeUndefined::Undefined;
    }
    facts
}

/// Checks that the field that holds the key, where it is given too, says the same.
fn agree(key: &CustomerKey, facts: &CustomerFacts, path: &str) -> Attempt<()> {
    let (given, agrees) = match key {
        CustomerKey::Email(email) => (
            &facts.email,
            facts.email.as_opt_ref().flatten().is_some_and(|given| fold::email(given) == fold::email(email)),
        ),
        CustomerKey::ExternalId(id) => (
            &facts.external_id,
            facts.external_id.as_opt_ref().flatten().is_some_and(|given| given.trim() == id.trim()),
        ),
    };
    if given.is_undefined() || agrees {
        return Ok(());
    }
    let field = path.trim_start_matches("input.");
    let message = format!("{field}: expected what the key says, or nothing");
    Err(Rejection::new(RejectionCode::Invalid, path, message).into())
}

//! Adding, changing and removing contact points.

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{
    ChronoUnixTimestampMillis,
    contact_point::{Entity, Model},
};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::input::ContactFacts;
use crate::{
    check::Check,
    customer::{row, telephone},
    event::Event,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{insert_all, update as write},
    transaction::Transaction,
};

/// Adds a contact point to a customer.
///
/// # Errors
/// When there is no such customer, or something of what is said is wrong.
pub async fn add(tx: &Transaction, customer: Uuid, facts: &ContactFacts) -> Attempt<Uuid> {
    row::lock(tx, customer, "input.customer").await?;
    let contact = changed(tx, &blank(tx, customer), facts).await?;
    let id = contact.id;
    insert_all(&*tx.db, vec![contact]).await.context("could not write a contact point")?;
    tell(tx, customer);
    Ok(id)
}

/// Changes a contact point. What changes nothing is no edit.
///
/// # Errors
/// When there is no such contact point, it was edited meanwhile, or something of what is said is wrong.
pub async fn update(
    tx: &Transaction,
    contact: Uuid,
    facts: &ContactFacts,
    expected_version: Option<i32>,
) -> Attempt<Uuid> {
    let before = lock(tx, contact).await?;
    expect_version(expected_version, before.version)?;
    let mut after = changed(tx, &before, facts).await?;
    if after == before {
        return Ok(contact);
    }
    after.version += 1;
    after.updated_at = ChronoUnixTimestampMillis(tx.now);
    write(&*tx.db, &before, &after).await.context("could not write a contact point")?;
    tell(tx, before.customer_id);
    Ok(contact)
}

/// Removes a contact point.
///
/// # Errors
/// When there is no such contact point, or it was edited meanwhile.
pub async fn remove(tx: &Transaction, contact: Uuid, expected_version: Option<i32>) -> Attempt<Uuid> {
    let before = lock(tx, contact).await?;
    expect_version(expected_version, before.version)?;
    Entity::delete_by_id(contact).exec(&*tx.db).await.context("could not remove a contact point")?;
    tell(tx, before.customer_id);
    Ok(contact)
}

/// The contact point, whose customer is locked, and with them all that is theirs.
async fn lock(tx: &Transaction, contact: Uuid) -> Attempt<Model> {
    let find = || Entity::find_by_id(contact).one(&*tx.db);
    let not_found = || Refusal::from(Rejection::not_found("input.id", "contact point"));
    let found = find().await.context("could not read a contact point")?.ok_or_else(not_found)?;
    row::lock(tx, found.customer_id, "input.id").await.map_err(|refusal| match refusal {
        Refusal::Rejected(_) => not_found(),
        failed @ Refusal::Failed(_) => failed,
    })?;
    // It may have been changed or removed before the lock was held.
    find().await.context("could not read a contact point")?.ok_or_else(not_found)
}

fn tell(tx: &Transaction, customer: Uuid) {
    tx.emit(Event::CustomerUpdated { customer, changed: vec!["contacts"] });
}

/// The contact point as it is to be.
async fn changed(tx: &Transaction, before: &Model, facts: &ContactFacts) -> Attempt<Model> {
    let country = telephone::country_for(tx, before.customer_id, &[&facts.telephone, &facts.fax_number]).await?;
    let country = country.as_deref();
    let mut check = Check::default();
    let mut after = before.clone();
    check.change_text("input.name", &facts.name, &mut after.name, 200);
    check.change_text("input.contactType", &facts.contact_type, &mut after.contact_type, 100);
    check.change("input.email", &facts.email, &mut after.email, |check, path, text| check.email(path, text));
    check.change_telephone(
        "input.telephone",
        &facts.telephone,
        (&mut after.telephone, &mut after.telephone_e164),
        country,
    );
    check.change("input.faxNumber", &facts.fax_number, &mut after.fax_number, |check, path, text| {
        Some(check.telephone(path, text, country)?.written)
    });
    let has = |field: &Option<String>, given: &MaybeUndefined<String>| field.is_some() || given.value().is_some();
    let is_someone = has(&after.name, &facts.name)
        || has(&after.email, &facts.email)
        || has(&after.telephone, &facts.telephone)
        || has(&after.fax_number, &facts.fax_number);
    if !is_someone {
        let message = "expected at least one of name, email, telephone and faxNumber";
        check.reject(RejectionCode::Required, "input", message);
    }
    check.done()?;
    Ok(after)
}

fn blank(tx: &Transaction, customer: Uuid) -> Model {
    let now = ChronoUnixTimestampMillis(tx.now);
    Model {
        id: tx.key(),
        customer_id: customer,
        name: None,
        contact_type: None,
        email: None,
        telephone: None,
        telephone_e164: None,
        fax_number: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

//! Telephone numbers by E.164: what they are depends on the country in which they are dialled.

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{address, contact_point, customer};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde_json::json;
use uuid::Uuid;

use crate::{
    check::e164,
    store::{Dialect, Kind, execute, update},
    transaction::Transaction,
};

/// [`country`], if any of the numbers given needs it: those that begin with `+` name theirs.
///
/// # Errors
/// When the database fails.
pub async fn country_for(
    tx: &Transaction,
    customer: Uuid,
    numbers: &[&MaybeUndefined<String>],
) -> anyhow::Result<Option<String>> {
    let needs_country =
        numbers.iter().filter_map(|number| number.value()).any(|number| !number.trim().starts_with('+'));
    if needs_country { country(tx, customer).await } else { Ok(None) }
}

/// The country in which a customer is taken to dial: that of the address that orders go to, if it is known.
///
/// # Errors
/// When the database fails.
pub async fn country(tx: &Transaction, customer: Uuid) -> anyhow::Result<Option<String>> {
    let country = address::Entity::find()
        .select_only()
        .column(address::Column::AddressCountry)
        .filter(address::Column::CustomerId.eq(customer))
        .filter(address::Column::IsDefaultShipping.eq(true))
        .into_tuple::<Option<String>>()
        .one(&*tx.db)
        .await;
    Ok(country.context("could not read the country of a customer")?.flatten())
}

/// Reads the numbers of a customer, whose row is locked, and of their contacts as they are dialled in the country where
/// the customer is now. Gives the fields of the customer that have another value then. No node counts it as an edit.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &Transaction, customer: &customer::Model) -> anyhow::Result<Vec<&'static str>> {
    let country = country(tx, customer.id).await?;
    let dialled = |telephone: &Option<String>| e164(telephone.as_deref()?, country.as_deref());
    let contacts = contact_point::Entity::find()
        .filter(contact_point::Column::CustomerId.eq(customer.id))
        .filter(contact_point::Column::Telephone.is_not_null())
        .all(&*tx.db)
        .await
        .context("could not read the contacts of a customer")?;
    let others = contacts.iter().filter_map(|contact| {
        let e164 = dialled(&contact.telephone);
        (e164 != contact.telephone_e164).then(|| json!({ "id": contact.id.simple().to_string(), "e164": e164 }))
    });
    let others: Vec<_> = others.collect();
    let mut changed = Vec::new();
    if !others.is_empty() {
        let dialect = tx.dialect();
        let sql = format!(
            "update contact_point set telephone_e164 = dialled.e164 from {} dialled where contact_point.id = dialled.id",
            dialect.table_of_records(1, &[("id", Kind::Key), ("e164", Kind::Text)]),
        );
        let written = execute(&*tx.db, &sql, vec![Dialect::records(others.into_iter())?]).await;
        written.context("could not write the telephone numbers of contacts")?;
        changed.push("contacts");
    }
    let after = customer::Model { telephone_e164: dialled(&customer.telephone), ..customer.clone() };
    if after.telephone_e164 != customer.telephone_e164 {
        update(&*tx.db, customer, &after).await.context("could not write the telephone number of a customer")?;
        changed.push("telephoneE164");
    }
    Ok(changed)
}

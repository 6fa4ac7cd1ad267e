//! The row of a customer: what of it is computed from the rest, and how it is held while something is written to it.

use std::collections::BTreeSet;

use anyhow::Context;
use entity::customer::{Column, Entity, Model};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use super::search_text;
use crate::{
    fold,
    rejection::{Attempt, Rejection},
    store::Values,
    transaction::Transaction,
};

/// Fills the columns that are folded from others.
#[must_use]
pub fn complete(mut customer: Model) -> Model {
    customer.name_key = fold::text(&customer.name);
    customer.email_key = customer.email.as_deref().map(fold::email);
    customer.search_text = search_text(
        &customer.name,
        customer.email.as_deref(),
        customer.telephone.as_deref(),
        customer.external_id.as_deref(),
    );
    customer
}

/// The customer that the argument at `path` names, locked until the transaction ends.
///
/// # Errors
/// When there is none, or they are deleted.
pub async fn lock(tx: &Transaction, customer: Uuid, path: &str) -> Attempt<Model> {
    let customer = find(tx, customer).await?.filter(|customer| customer.deleted_at.is_none());
    customer.ok_or_else(|| Rejection::not_found(path, "customer").into())
}

/// Whether the customer exists and is not deleted, and stays so until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_live(tx: &Transaction, customer: Uuid) -> anyhow::Result<bool> {
    Ok(!lock_all_live(tx, &[customer]).await?.is_empty())
}

/// Those of `customers` who exist and are not deleted, locked until the transaction ends, in the order of their keys,
/// as everyone locks several.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_live(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<BTreeSet<Uuid>> {
    let live: Vec<Uuid> = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(tx.dialect().among(Column::Id.into_expr(), &Values::Keys(customers.to_vec())))
        .filter(Column::DeletedAt.is_null())
        .order_by_asc(Column::Id)
        .lock(LockType::NoKeyUpdate)
        .into_tuple()
        .all(&*tx.db)
        .await
        .context("could not read customers")?;
    for customer in &live {
        tx.lock(*customer);
    }
    Ok(live.into_iter().collect())
}

/// The customer, deleted or not, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &Transaction, customer: Uuid) -> anyhow::Result<Option<Model>> {
    find_by(tx, Column::Id.eq(customer)).await
}

/// As [`find`], by any condition that holds for one customer at most.
///
/// # Errors
/// When the database fails.
pub async fn find_by(tx: &Transaction, condition: sea_orm::sea_query::Expr) -> anyhow::Result<Option<Model>> {
    let found = Entity::find().filter(condition).lock(LockType::NoKeyUpdate).one(&*tx.db).await;
    let found = found.context("could not read a customer")?;
    if let Some(customer) = &found {
        tx.lock(customer.id);
    }
    Ok(found)
}

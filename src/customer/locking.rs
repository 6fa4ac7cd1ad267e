//! Customers who are about to be written to.

use std::collections::BTreeSet;

use anyhow::Context;
use entity::customer;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::LockType};
use uuid::Uuid;

use crate::{store::Values, transaction::Transaction};

/// The row of a customer, locked. None when there is no such customer, or they are deleted.
///
/// # Errors
/// When the database fails.
pub async fn lock_live(tx: &Transaction, customer: Uuid) -> anyhow::Result<Option<customer::Model>> {
    let row = customer::Entity::find_by_id(customer)
        .filter(customer::Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(&*tx.db)
        .await
        .context("could not read a customer")?;
    if row.is_some() {
        tx.lock(customer);
    }
    Ok(row)
}

/// Those of `customers` who exist and are not deleted, their rows locked in the order of their keys, as everyone does.
///
/// # Errors
/// When the database fails.
pub async fn lock_all_live(tx: &Transaction, customers: &[Uuid]) -> anyhow::Result<BTreeSet<Uuid>> {
    let key = customer::Column::Id.into_expr();
    let live: Vec<Uuid> = customer::Entity::find()
        .select_only()
        .column(customer::Column::Id)
        .filter(tx.dialect().among(key, &Values::Keys(customers.to_vec())))
        .filter(customer::Column::DeletedAt.is_null())
        .order_by_asc(customer::Column::Id)
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

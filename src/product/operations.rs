//! Entering, editing and withdrawing products.

use anyhow::Context;
use async_graphql::{ID, MaybeUndefined};
use entity::{ChronoUnixTimestampMillis, product};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};
use uuid::Uuid;

use super::input::{ProductCreateInput, ProductUpdateInput};
use crate::{
    check::{Check, LONGEST_DESCRIPTION, LONGEST_TEXT},
    fold,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::{insert_all, update as write},
    transaction::Transaction,
};

/// The columns that no two products share, and the arguments that hold them.
const UNIQUE: [(&str, &str); 2] = [("sku", "input.sku"), ("external_id", "input.externalId")];

/// Enters a product.
///
/// # Errors
/// When a value is not what it must be.
pub async fn create(tx: &Transaction, input: &ProductCreateInput) -> Attempt<Uuid> {
    let now = ChronoUnixTimestampMillis(tx.now);
    let blank = product::Model {
        id: tx.key(),
        name: String::new(),
        name_key: String::new(),
        description: None,
        sku: None,
        external_id: None,
        unit_price: None,
        currency: None,
        version: 1,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    let edit = ProductUpdateInput {
        id: ID::default(),
        name: MaybeUndefined::Value(input.name.clone()),
        description: input.description.clone().map(Some).into(),
        sku: input.sku.clone().map(Some).into(),
        external_id: input.external_id.clone().map(Some).into(),
        unit_price: input.unit_price.clone().map(Some).into(),
        currency: input.currency.clone(),
        expected_version: None,
    };
    let product = edited(tx, &edit, blank).await?;
    let id = product.id;
    insert_all(&*tx.db, vec![product]).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    Ok(id)
}

/// Edits a product. An edit that changes nothing writes nothing.
///
/// # Errors
/// When there is no such product, it was edited meanwhile, or a value is not what it must be.
pub async fn update(tx: &Transaction, product: Uuid, input: &ProductUpdateInput) -> Attempt<Uuid> {
    let before = lock(tx, product).await?;
    expect_version(input.expected_version, before.version)?;
    let after = edited(tx, input, before.clone()).await?;
    if after == before {
        return Ok(product);
    }
    let after = product::Model { version: before.version + 1, updated_at: ChronoUnixTimestampMillis(tx.now), ..after };
    write(&*tx.db, &before, &after).await.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
    Ok(product)
}

/// Withdraws a product. Orders keep it.
///
/// # Errors
/// When there is no such product, or it was edited meanwhile.
pub async fn withdraw(tx: &Transaction, product: Uuid, expected_version: Option<i32>) -> Attempt<Uuid> {
    let row = lock(tx, product).await?;
    expect_version(expected_version, row.version)?;
    let mut row = row.into_active_model();
    row.deleted_at = Set(Some(ChronoUnixTimestampMillis(tx.now)));
    row.update(&*tx.db).await.context("could not withdraw a product")?;
    Ok(product)
}

/// The product, locked.
async fn lock(tx: &Transaction, product: Uuid) -> Attempt<product::Model> {
    let row = product::Entity::find_by_id(product)
        .filter(product::Column::DeletedAt.is_null())
        .lock(LockType::NoKeyUpdate)
        .one(&*tx.db)
        .await
        .context("could not read a product")?;
    Ok(row.ok_or_else(|| Rejection::not_found("input.id", "product"))?)
}

/// The row with the edit.
async fn edited(tx: &Transaction, input: &ProductUpdateInput, before: product::Model) -> Attempt<product::Model> {
    let mut check = Check::default();
    let mut row = before.clone();
    check.replace_by("input.name", &input.name, &mut row.name, |check, path, name| check.text(path, name));
    row.name_key = fold::text(&row.name);
    check.change_text("input.description", &input.description, &mut row.description, LONGEST_DESCRIPTION);
    check.change_text("input.sku", &input.sku, &mut row.sku, LONGEST_TEXT);
    check.change_text("input.externalId", &input.external_id, &mut row.external_id, LONGEST_TEXT);
    let unique = [
        ("input.sku", product::Column::Sku, &row.sku, &before.sku),
        ("input.externalId", product::Column::ExternalId, &row.external_id, &before.external_id),
    ];
    for (path, column, value, _) in unique.into_iter().filter(|(_, _, is, was)| is != was) {
        if let Some(value) = value {
            check.unique::<product::Entity>(tx, path, column, value, Some(before.id)).await?;
        }
    }
    apply_price(tx, &mut check, input, &mut row);
    check.done()?;
    Ok(row)
}

/// A price and its currency come and go together.
fn apply_price(tx: &Transaction, check: &mut Check, input: &ProductUpdateInput, row: &mut product::Model) {
    let given = input.currency.as_deref().map(|code| check.currency("input.currency", code));
    let MaybeUndefined::Value(price) = &input.unit_price else {
        if given.is_some() {
            let message = "currency: expected a unitPrice beside it";
            check.reject(RejectionCode::Invalid, "input.currency", message);
        } else if input.unit_price.is_null() {
            (row.unit_price, row.currency) = (None, None);
        }
        return;
    };
    let kept = row.currency.as_deref().and_then(|code| code.parse().ok());
    let Some(currency) = given.unwrap_or_else(|| Some(kept.unwrap_or(tx.currency))) else { return };
    row.unit_price = check.unit_price("input.unitPrice", &price.0, currency).map(|price| price.units);
    row.currency = Some(currency.code().to_owned());
}

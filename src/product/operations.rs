//! Entering, editing and withdrawing products.

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{ChronoUnixTimestampMillis, product};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    sea_query::LockType,
};
use uuid::Uuid;

use super::input::{ProductCreateInput, ProductUpdateInput};
use crate::{
    check::{Check, LONGEST_DESCRIPTION},
    fold,
    graphql::Decimal,
    rejection::{Attempt, Refusal, Rejection, RejectionCode, expect_version},
    store::insert_all,
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
    let edit = Edit {
        name: Some(Some(&input.name)),
        description: input.description.as_deref().map(Some),
        sku: input.sku.as_deref().map(Some),
        external_id: input.external_id.as_deref().map(Some),
        unit_price: input.unit_price.as_ref().map(Some),
        currency: input.currency.as_deref(),
    };
    let product = edit.applied(tx, blank).await?;
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
    let edit = Edit {
        name: text(&input.name),
        description: text(&input.description),
        sku: text(&input.sku),
        external_id: text(&input.external_id),
        unit_price: input.unit_price.as_opt_ref(),
        currency: input.currency.as_deref(),
    };
    let after = edit.applied(tx, before.clone()).await?;
    if after == before {
        return Ok(product);
    }
    let row = product::Model { version: before.version + 1, updated_at: ChronoUnixTimestampMillis(tx.now), ..after };
    let written = row.into_active_model().reset_all().update(&*tx.db).await;
    written.map_err(|error| Refusal::of_duplicate(error, &UNIQUE))?;
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

/// What becomes of each field: it stays, is cleared, or has a new value.
struct Edit<'a> {
    name: Option<Option<&'a str>>,
    description: Option<Option<&'a str>>,
    sku: Option<Option<&'a str>>,
    external_id: Option<Option<&'a str>>,
    unit_price: Option<Option<&'a Decimal>>,
    currency: Option<&'a str>,
}

fn text(field: &MaybeUndefined<String>) -> Option<Option<&str>> {
    field.as_opt_deref()
}

impl Edit<'_> {
    /// The row with the edit.
    async fn applied(&self, tx: &Transaction, mut row: product::Model) -> Attempt<product::Model> {
        let mut check = Check::default();
        match self.name {
            Some(Some(name)) => row.name = check.text("input.name", name),
            Some(None) => check.reject(RejectionCode::Required, "input.name", "name: expected a name, not null"),
            None => {}
        }
        row.name_key = fold::text(&row.name);
        if let Some(description) = self.description {
            row.description = description.map(|text| check.text_within("input.description", text, LONGEST_DESCRIPTION));
        }
        let own = Some(row.id);
        if let Some(sku) = self.sku {
            row.sku = check.optional_text("input.sku", sku);
            if let Some(sku) = &row.sku {
                check.unique::<product::Entity>(tx, "input.sku", product::Column::Sku, sku, own).await?;
            }
        }
        if let Some(external_id) = self.external_id {
            row.external_id = check.optional_text("input.externalId", external_id);
            if let Some(external_id) = &row.external_id {
                let column = product::Column::ExternalId;
                check.unique::<product::Entity>(tx, "input.externalId", column, external_id, own).await?;
            }
        }
        self.apply_price(tx, &mut check, &mut row);
        check.done()?;
        Ok(row)
    }

    /// A price and its currency come and go together.
    fn apply_price(&self, tx: &Transaction, check: &mut Check, row: &mut product::Model) {
        let given = self.currency.map(|code| check.currency("input.currency", code));
        let Some(Some(price)) = self.unit_price else {
            if self.currency.is_some() {
                let message = "currency: expected a unitPrice beside it";
                check.reject(RejectionCode::Invalid, "input.currency", message);
            }
            if self.unit_price.is_some() {
                (row.unit_price, row.currency) = (None, None);
            }
            return;
        };
        let kept = row.currency.as_deref().and_then(|code| code.parse().ok());
        let Some(currency) = given.unwrap_or_else(|| Some(kept.unwrap_or(tx.currency))) else { return };
        row.unit_price = check.unit_price("input.unitPrice", &price.0, currency).map(|price| price.units);
        row.currency = Some(currency.code().to_owned());
    }
}

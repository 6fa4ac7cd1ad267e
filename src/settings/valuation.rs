//! How the store tells what customers are worth: kept in its own row, so that all processes tell the same.

use anyhow::Context;
use sea_orm::EntityTrait;

use crate::{
    store::{Database, execute},
    valuation::{Margin, Valuation},
};

/// How the store values customers.
///
/// # Errors
/// When the database fails, or there is no store yet.
pub async fn valuation(database: &Database) -> anyhow::Result<Valuation> {
    let store = entity::store::Entity::find().one(database.reader()).await;
    let store = store.context("could not read the settings of the store")?.context("there is no store yet")?;
    let margin = Margin::new(store.margin).context("the margin of the store is not from 1 to 10000 ten-thousandths")?;
    Ok(Valuation { margin, monthly_discount: store.monthly_discount })
}

/// Sets what is given for the store, leaves the rest, and gives what it has now. Processes that run by then go on with what
/// they read when they began.
///
/// # Errors
/// As [`valuation`].
pub async fn set_valuation(
    database: &Database,
    margin: Option<Margin>,
    monthly_discount: Option<f64>,
) -> anyhow::Result<Valuation> {
    if margin.is_some() || monthly_discount.is_some() {
        let values = vec![margin.map(Margin::ten_thousandths).into(), monthly_discount.into()];
        let sql = "update store set margin = coalesce($1, margin), monthly_discount = coalesce($2, monthly_discount)";
        execute(database.writer(), sql, values).await.context("could not set how the store values customers")?;
    }
    let valuation = valuation(database).await?;
    tracing::info!(
        margin = valuation.margin.factor(),
        monthly_discount = valuation.monthly_discount,
        "how customers are valued"
    );
    Ok(valuation)
}

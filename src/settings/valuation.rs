//! How the store tells what customers are worth: kept in its own row, so that all processes tell the same.

use anyhow::Context;
use sea_orm::EntityTrait;

use crate::{
    store::{Database, execute},
    valuation::{Margin, Valuation},
};

/// What the store has settled.
///
/// # Errors
/// When the database fails, or there is no store yet.
pub async fn valuation(database: &Database) -> anyhow::Result<Valuation> {
    let store = entity::store::Entity::find().one(database.reader()).await;
    let store = store.context("could not read the settings of the store")?.context("there is no store yet")?;
    let margin = Margin::new(store.margin).context("the margin of the store is none")?;
    Ok(Valuation { margin, monthly_discount: store.monthly_discount })
}

/// Settles what is given for the store, leaves the rest, and gives what it has settled now. Processes that run by then
/// go on with what they read when they began.
///
/// # Errors
/// As [`valuation`].
pub async fn settle(
    database: &Database,
    margin: Option<Margin>,
    monthly_discount: Option<f64>,
) -> anyhow::Result<Valuation> {
    let former = valuation(database).await?;
    let settled = Valuation {
        margin: margin.unwrap_or(former.margin),
        monthly_discount: monthly_discount.unwrap_or(former.monthly_discount),
    };
    if settled != former {
        let values = vec![settled.margin.ten_thousandths().into(), settled.monthly_discount.into()];
        let sql = "update store set margin = $1, monthly_discount = $2";
        execute(database.writer(), sql, values).await.context("could not settle what customers are worth")?;
        let (margin, monthly_discount) = (settled.margin.factor(), settled.monthly_discount);
        tracing::info!(margin, monthly_discount, "what customers are worth is told by other settings from now on");
    }
    Ok(settled)
}

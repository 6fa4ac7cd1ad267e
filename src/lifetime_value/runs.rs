//! The runs that are kept.

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    lifetime_value_run::{Column, Entity, Model},
};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::{
    bg_nbd::{BgNbd, Histories},
    fit::Fit,
    gamma_gamma::{GammaGamma, Spending},
};
use crate::store::insert_all;

/// What a run is made of.
#[derive(Clone, Copy, Debug)]
pub struct Occasion {
    /// The run's key.
    pub key: Uuid,
    /// The instant whose ledger it is of.
    pub as_of: DateTime<Utc>,
    /// When it is made.
    pub now: DateTime<Utc>,
    /// Whether it is of an instant that was asked for, and leaves predictions alone.
    pub is_historical: bool,
    /// What money is taken to lose in value in a month.
    pub monthly_discount: f64,
}

/// The row of a run.
#[must_use]
pub fn row(occasion: Occasion, histories: &Histories, spending: &Spending, fit: &Fit) -> Model {
    let (purchases, amounts) = (fit.purchases, fit.amounts);
    let purchases_of = |part: fn(BgNbd) -> f64| purchases.map(|(model, _)| part(model));
    Model {
        id: occasion.key,
        as_of: ChronoUnixTimestampMillis(occasion.as_of),
        computed_at: ChronoUnixTimestampMillis(occasion.now),
        is_historical: occasion.is_historical,
        customers: histories.customers(),
        repeat_customers: histories.repeat_customers(),
        no_fit: fit.no_fit,
        r: purchases_of(|model| model.r),
        alpha: purchases_of(|model| model.alpha),
        a: purchases_of(|model| model.a),
        b: purchases_of(|model| model.b),
        log_likelihood: purchases.map(|(_, log_likelihood)| log_likelihood),
        spending_customers: spending.customers(),
        p: amounts.map(|(model, _)| model.p),
        q: amounts.map(|(model, _)| model.q),
        v: amounts.map(|(model, _)| model.v),
        spending_log_likelihood: amounts.map(|(_, log_likelihood)| log_likelihood),
        monthly_discount: occasion.monthly_discount,
    }
}

/// The fit that a run keeps.
#[must_use]
pub fn fit(run: &Model) -> Fit {
    let likelihood = |likelihood: Option<f64>| likelihood.unwrap_or_default();
    let purchases = || Some(BgNbd { r: run.r?, alpha: run.alpha?, a: run.a?, b: run.b? });
    let amounts = || Some(GammaGamma { p: run.p?, q: run.q?, v: run.v? });
    Fit {
        purchases: purchases().map(|model| (model, likelihood(run.log_likelihood))),
        amounts: amounts().map(|model| (model, likelihood(run.spending_log_likelihood))),
        no_fit: run.no_fit,
    }
}

/// The run as of exactly `as_of`, the last that was made if there are several.
///
/// # Errors
/// When the database fails.
pub async fn at(db: &impl ConnectionTrait, as_of: DateTime<Utc>) -> Result<Option<Model>, DbErr> {
    let runs = Entity::find().filter(Column::AsOf.eq(ChronoUnixTimestampMillis(as_of)));
    runs.order_by_desc(Column::ComputedAt).order_by_desc(Column::Id).one(db).await
}

/// Keeps a run.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &impl ConnectionTrait, run: Model) -> anyhow::Result<()> {
    insert_all(tx, vec![run]).await.context("could not keep a fit of the purchase model")
}

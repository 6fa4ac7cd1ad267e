//! The purchase model, fitted to the ledger and applied to all customers.

use anyhow::Context;
use entity::lifetime_value_run;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::work::Work;
use crate::{
    lifetime_value::{
        bg_nbd::Histories,
        fit::Fit,
        gamma_gamma::Spending,
        predictions::{self, Changes, Predictor},
        runs::{self, Occasion},
        summary,
        value::major_units,
    },
    transaction::Transaction,
};

/// Fits the purchase model to the ledger, makes the predictions anew for all customers, of which it writes what
/// differs, and keeps the fit as a run. As of the past, it keeps the run alone.
///
/// # Errors
/// When the database fails.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    let (histories, spending) = gather(work).await?;
    let app = work.app;
    let occasion = Occasion {
        key: app.clock.key(),
        as_of: work.now,
        now: app.clock.now(),
        is_historical: work.is_historical,
        monthly_discount: app.valuation.monthly_discount,
    };
    // The search takes seconds where there are a million customers.
    work.progress.wait("fitting the purchase model");
    let fitting = spawn_blocking(move || runs::row(occasion, &histories, &spending, &Fit::of(&histories, &spending)));
    let run = fitting.await.context("the purchase model could not be fitted")?;
    if !work.is_historical {
        apply(work, &run).await?;
    }
    work.progress.finish();
    let keep = |tx: Transaction| {
        let run = run.clone();
        async move { Ok(runs::keep(&*tx.db, run).await?) }
    };
    work.transact(keep).await
}

/// What the model is fitted to.
async fn gather(work: &Work<'_>) -> anyhow::Result<(Histories, Spending)> {
    let (mut histories, mut spending) = (Histories::default(), Spending::default());
    let mut last = Uuid::nil();
    work.progress.begin("customers read", work.count_customers().await?);
    loop {
        let page = summary::page(work.reader(), (work.now, work.is_historical), last).await?;
        let Some(end) = page.last() else { return Ok((histories, spending)) };
        last = end.customer;
        work.examine(page.len() as u64);
        work.progress.advance(page.len() as u64);
        let summaries = || page.iter().filter_map(|known| known.summary);
        histories.extend(summaries().map(|summary| summary.history));
        spending.extend(
            summaries().map(|summary| (summary.history.repeats, major_units(summary.repeat_spent, work.app.currency))),
        );
    }
}

/// Predicts anew for all customers.
async fn apply(work: &Work<'_>, run: &lifetime_value_run::Model) -> anyhow::Result<()> {
    let mut predictor = Predictor::of(run, work.app.currency);
    let mut last = Uuid::nil();
    work.progress.begin("customers predicted", work.count_customers().await?);
    loop {
        let page = summary::page(work.reader(), (work.now, false), last).await?;
        let Some(end) = page.last() else { return Ok(()) };
        last = end.customer;
        let customers = page.len();
        let Changes { differing, obsolete } = predictor.changes(page);
        work.progress.advance((customers - differing.len() - obsolete.len()) as u64);
        work.apply_some(&differing, |tx, batch| async move {
            predictions::write(&*tx.db, &batch).await?;
            Ok(batch.len())
        })
        .await?;
        work.apply_some(&obsolete, |tx, batch| async move {
            predictions::forget(&*tx.db, &batch).await?;
            Ok(batch.len())
        })
        .await?;
    }
}

//! The purchase model, fitted to the ledger and applied to all customers.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use entity::{event::EventCause, lifetime_value_run, term::Term};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::BATCH_SIZE;
use crate::{
    app::App,
    event::log::Origin,
    instant::Instant,
    lifetime_value::{
        bg_nbd::Histories,
        fit::Fit,
        gamma_gamma::Spending,
        predictions::{self, Changes, Predictor},
        runs::{self, Occasion},
        summary,
        value::major_units,
    },
    reactions::transact_as,
};

/// What a run found.
#[derive(Clone, Debug)]
pub struct LifetimeValueReport {
    /// The run as it is kept.
    pub run: lifetime_value_run::Model,
    /// How many customers have other predictions than before.
    pub changed: u64,
}

/// Fits the purchase model to the ledger at `as_of`, and keeps the fit as a run. A run of an instant that is asked for is
/// history: it leaves predictions alone. One of now makes them anew, for all customers, batch by batch; only what differs
/// is written.
///
/// # Errors
/// When `as_of` is in the future, or the database fails.
pub async fn fit_lifetime_values(app: &App, as_of: Option<DateTime<Utc>>) -> anyhow::Result<LifetimeValueReport> {
    let now = app.clock.now();
    let at = as_of.unwrap_or(now);
    if at > now {
        bail!("{} is in the future, and what is bought by then is not known", Instant(at));
    }
    let (histories, spending) = gather(app, at).await?;
    let occasion = Occasion { key: app.clock.key(), as_of: at, now, is_historical: as_of.is_some() };
    // The search takes seconds where there are a million customers.
    let fitting = spawn_blocking(move || {
        let fit = Fit::of(&histories, &spending);
        (fit, runs::row(occasion, &histories, &spending, &fit))
    });
    let (fit, run) = fitting.await.context("the purchase model could not be fitted")?;
    let changed = if as_of.is_none() { apply(app, at, fit).await? } else { 0 };
    let (origin, kept) = (origin(), &run);
    let keeping = transact_as(app, &origin, |tx| async move { Ok(runs::keep(&*tx.db, kept.clone()).await?) });
    keeping.await.map_err(|refusal| anyhow!("the fit could not be kept: {refusal:?}"))?;
    Ok(LifetimeValueReport { run, changed })
}

/// What the model is fitted to.
async fn gather(app: &App, at: DateTime<Utc>) -> anyhow::Result<(Histories, Spending)> {
    let (mut histories, mut spending) = (Histories::default(), Spending::default());
    let mut last = Uuid::nil();
    loop {
        let page = summary::page(app.database.patient_reader(), at, last).await?;
        let Some(end) = page.last() else { return Ok((histories, spending)) };
        last = end.customer;
        let summaries = || page.iter().filter_map(|known| known.summary);
        histories.extend(summaries().map(|summary| summary.history));
        spending.extend(
            summaries().map(|summary| (summary.history.repeats, major_units(summary.repeat_spent, app.currency))),
        );
    }
}

/// Predicts anew for all customers, and counts those of whom something else is predicted than before.
async fn apply(app: &App, at: DateTime<Utc>, fit: Fit) -> anyhow::Result<u64> {
    let origin = origin();
    let mut predictor = Predictor::new(fit, app.currency);
    let mut last = Uuid::nil();
    let mut changed = 0;
    loop {
        let page = summary::page(app.database.patient_reader(), at, last).await?;
        let Some(end) = page.last() else { return Ok(changed) };
        last = end.customer;
        let Changes { differing, obsolete } = predictor.changes(page);
        for batch in differing.chunks(BATCH_SIZE) {
            let writing = transact_as(app, &origin, |tx| async move { Ok(predictions::write(&*tx.db, batch).await?) });
            changed += writing.await.map_err(|refusal| anyhow!("predictions could not be written: {refusal:?}"))?;
        }
        for batch in obsolete.chunks(BATCH_SIZE) {
            let forgetting =
                transact_as(app, &origin, |tx| async move { Ok(predictions::forget(&*tx.db, batch).await?) });
            changed += forgetting.await.map_err(|refusal| anyhow!("predictions could not be written: {refusal:?}"))?;
        }
    }
}

fn origin() -> Origin {
    Origin { actor: "ltv".to_owned(), cause: EventCause::Job }
}

impl Display for LifetimeValueReport {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let lifetime_value_run::Model { as_of, customers, repeat_customers, .. } = &self.run;
        write!(formatter, "ltv: as of {}, {customers} customers, {repeat_customers} of them again", Instant(as_of.0))?;
        if let (Some(r), Some(alpha), Some(a), Some(b)) = (self.run.r, self.run.alpha, self.run.a, self.run.b) {
            write!(formatter, "\nBG/NBD: r {r:.4}, alpha {alpha:.4}, a {a:.4}, b {b:.4}")?;
        }
        if let Some(log_likelihood) = self.run.log_likelihood {
            write!(formatter, ", log-likelihood {log_likelihood:.3}")?;
        }
        if let (Some(p), Some(q), Some(v)) = (self.run.p, self.run.q, self.run.v) {
            write!(formatter, "\ngamma-gamma: p {p:.4}, q {q:.4}, v {v:.4}")?;
        }
        if let Some(log_likelihood) = self.run.spending_log_likelihood {
            write!(formatter, ", log-likelihood {log_likelihood:.3}")?;
        }
        if let Some(reason) = self.run.no_fit {
            write!(formatter, "\nno fit: {}", reason.description().comment)?;
        }
        if self.run.is_historical {
            formatter.write_str("\nkept as history; predictions are as before")
        } else {
            write!(formatter, "\nthe predictions of {} customers changed", self.changed)
        }
    }
}

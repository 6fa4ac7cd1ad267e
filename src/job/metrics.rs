//! The figures of customers, recomputed from the ledger of orders and refunds.

use std::fmt::{self, Display, Formatter};

use anyhow::anyhow;
use entity::event::EventCause;
use uuid::Uuid;

use super::BATCH_SIZE;
use crate::{
    app::App,
    customer::metrics::{self, Drift},
    event::log::{self, Origin},
    loyalty,
    reactions::transact_as,
    rejection::Attempt,
    segment::{self, Changed},
    transaction::Transaction,
};

/// Of how many customers the drift is told at most.
const MOST_TOLD: u32 = 100;

/// What a run found.
#[derive(Clone, Debug)]
pub enum MetricsReport {
    /// So many customers had other figures, and have those of the ledger now.
    Rebuilt(u64),
    /// So many customers have other figures than the ledger, among them these.
    Verified(i64, Vec<Drift>),
}

/// Rebuilds the figures of all customers from what the ledger holds now, batch by batch, with the tiers and segments
/// that follow from them.
///
/// # Errors
/// When the database fails.
pub async fn rebuild_metrics(app: &App) -> anyhow::Result<MetricsReport> {
    let drifted = metrics::drifted(app.database.patient_reader(), app.clock.now()).await?;
    let origin = Origin { actor: "metrics".to_owned(), cause: EventCause::Job };
    let mut changed = 0;
    for batch in drifted.chunks(BATCH_SIZE) {
        let rebuilding = transact_as(app, &origin, |tx| async move { rebuild_some(&tx, batch).await });
        changed += rebuilding.await.map_err(|refusal| anyhow!("the figures could not be rebuilt: {refusal:?}"))?;
    }
    Ok(MetricsReport::Rebuilt(changed))
}

/// Rebuilds the figures of some customers, who cannot buy meanwhile, and lets tiers and segments follow.
async fn rebuild_some(tx: &Transaction, customers: &[Uuid]) -> Attempt<u64> {
    log::lock(&*tx.db, customers).await?;
    let changed = metrics::rebuild(&*tx.db, tx.now, Some(customers)).await?;
    loyalty::operations::reconsider_tiers(tx, customers).await?;
    segment::operations::reconsider(tx, customers, &Changed::Everything).await?;
    Ok(changed)
}

/// Compares the figures of all customers with what the ledger holds now. Changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn verify_metrics(app: &App) -> anyhow::Result<MetricsReport> {
    let (count, drifts) = metrics::verify(app.database.patient_reader(), app.clock.now(), MOST_TOLD).await?;
    Ok(MetricsReport::Verified(count, drifts))
}

impl MetricsReport {
    /// Whether the figures were those of the ledger.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        matches!(self, Self::Rebuilt(0) | Self::Verified(0, _))
    }
}

impl Display for MetricsReport {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rebuilt(changed) => write!(formatter, "metrics: rebuilt the figures of {changed} customers"),
            Self::Verified(0, _) => formatter.write_str("metrics: all figures are those of the ledger"),
            Self::Verified(count, drifts) => {
                write!(formatter, "metrics: the figures of {count} customers are not those of the ledger")?;
                for Drift { customer, figure, kept, ledger } in drifts {
                    let (kept, ledger) = (Figure(*kept), Figure(*ledger));
                    write!(formatter, "\ncustomers/{customer}: {figure} is {kept}, by the ledger {ledger}")?;
                }
                Ok(())
            }
        }
    }
}

/// A figure as it is stored: a number, minor units, or milliseconds since 1970.
struct Figure(Option<i64>);

impl Display for Figure {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(value) => Display::fmt(&value, formatter),
            None => formatter.write_str("null"),
        }
    }
}

//! The figures of customers, recomputed from the ledger of orders and refunds.

use std::fmt::{self, Display, Formatter};

use uuid::Uuid;

use super::work::Work;
use crate::{
    app::App,
    customer::{
        drift::{self, Drift},
        metrics,
    },
    event::log,
    loyalty,
    segment::{self, Changed},
    transaction::Transaction,
};

/// Of how many customers the drift is told at most.
const MOST_TOLD: u32 = 100;

/// How many customers have other figures than the ledger, and the drift of the first of them.
#[derive(Clone, Debug)]
pub struct MetricsReport {
    count: i64,
    drifts: Vec<Drift>,
}

/// Corrects the figures of all customers that are not what the ledger holds now, batch by batch of those with the same
/// drift, with the tiers and segments that follow from them. Those of a batch cannot buy meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    work.examine(work.count_customers().await?);
    for (columns, customers) in drift::drifted(work.reader(), work.now).await? {
        let (columns, figures) = (&columns[..], &Changed::from(&columns[..]));
        let correct = |tx: Transaction, batch: Vec<Uuid>| async move {
            log::lock(&*tx.db, &batch).await?;
            // Not as of when the transaction began: whoever was waited for may have bought since.
            let corrected = metrics::correct(&*tx.db, tx.clock().now(), &batch, columns).await?;
            loyalty::operations::reconsider_tiers(&tx, &batch).await?;
            let rules = segment::rules::of(&tx).await?;
            segment::operations::reconsider(&tx, &rules, &batch, figures).await?;
            Ok(usize::try_from(corrected).unwrap_or(batch.len()))
        };
        work.apply(&customers, correct).await?;
    }
    Ok(())
}

/// Compares the figures of all customers with what the ledger holds now. Changes nothing.
///
/// # Errors
/// When the database fails.
pub async fn verify_metrics(app: &App) -> anyhow::Result<MetricsReport> {
    let (count, drifts) = drift::verify(app.database.patient_reader(), app.clock.now(), MOST_TOLD).await?;
    Ok(MetricsReport { count, drifts })
}

impl MetricsReport {
    /// Whether the figures are those of the ledger.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.count == 0
    }
}

impl Display for MetricsReport {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if self.is_exact() {
            return formatter.write_str("metrics: all figures are those of the ledger");
        }
        write!(formatter, "metrics: the figures of {} customers are not those of the ledger", self.count)?;
        for Drift { customer, figure, kept, ledger } in &self.drifts {
            let (kept, ledger) = (Figure(*kept), Figure(*ledger));
            write!(formatter, "\ncustomers/{customer}: {figure} is {kept}, by the ledger {ledger}")?;
        }
        Ok(())
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

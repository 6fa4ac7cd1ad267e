//! The scores of customers by recency, frequency and monetary value.

use anyhow::Context;
use entity::{ChronoUnixTimestampMillis, rfm_run};
use uuid::Uuid;

use super::work::Work;
use crate::{
    event::log,
    rfm::computation::{self, Figures, Scoring},
    segment::{self, Changed},
    store::insert_all,
    transaction::Transaction,
};

/// Scores all customers, keeps the scores that differ, with the segments that follow from them, and then the run. As of
/// the past, it keeps the run alone.
///
/// # Errors
/// When the database fails.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    let figures = if work.is_historical { Figures::OfLedger } else { Figures::Kept };
    let scoring = computation::score(work.reader(), work.now, figures).await?;
    let Scoring { changes, population, cut_points, grid, segments } = scoring;
    work.examine(u64::try_from(population).unwrap_or_default());
    work.apply(&changes, |tx, batch| async move {
        let customers: Vec<Uuid> = batch.iter().map(|(customer, _)| *customer).collect();
        log::lock(&*tx.db, &customers).await?;
        computation::keep(&*tx.db, &batch).await?;
        let rules = segment::rules::of(&tx).await?;
        segment::operations::reconsider(&tx, &rules, &customers, &Changed::from(&["rfm_score"][..])).await?;
        Ok(batch.len())
    })
    .await?;
    let run = rfm_run::Model {
        id: work.app.clock.key(),
        as_of: ChronoUnixTimestampMillis(work.now),
        is_historical: work.is_historical,
        population,
        cut_points,
        grid,
        segments,
        created_at: ChronoUnixTimestampMillis(work.app.clock.now()),
    };
    let keep = |tx: Transaction| {
        let run = run.clone();
        async move { Ok(insert_all(&*tx.db, vec![run]).await.context("could not keep a run of scores")?) }
    };
    work.transact(keep).await
}

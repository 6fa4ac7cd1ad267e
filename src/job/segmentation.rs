//! The members of dynamic segments, as time moves them.

use anyhow::anyhow;
use entity::event::EventCause;

use super::BATCH_SIZE;
use crate::{
    app::App,
    event::log::{self, Origin},
    reactions::transact_as,
    segment::{Changed, computation, operations},
};

/// Applies the rules of all dynamic segments to everyone as of now, and counts the customers who entered or left one.
///
/// Those who are misplaced are found first. Then they are reconsidered, batch by batch, as everyone is to whom something
/// happens.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn settle_segments(app: &App) -> anyhow::Result<usize> {
    let reading = app.reading();
    let misplaced: Vec<_> =
        computation::misplaced(app.database.patient_reader(), &reading).await?.into_iter().collect();
    let origin = Origin { actor: "segmentation".to_owned(), cause: EventCause::Job };
    for batch in misplaced.chunks(BATCH_SIZE) {
        let settling = transact_as(app, &origin, |tx| async move {
            log::lock(&*tx.db, batch).await?;
            operations::reconsider(&tx, batch, &Changed::Everything).await?;
            Ok(())
        });
        settling.await.map_err(|refusal| anyhow!("segments could not be settled: {refusal:?}"))?;
    }
    computation::mark(app.database.writer(), &reading).await?;
    Ok(misplaced.len())
}

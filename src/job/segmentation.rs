//! The members of dynamic segments, as time moves them.

use super::work::Work;
use crate::{
    event::log,
    segment::{Changed, computation, operations},
    store::Reading,
};

/// Applies the rules of all dynamic segments to everyone as of now.
///
/// Those who are misplaced are found first. Then they are reconsidered, batch by batch, as everyone is to whom something
/// happens.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    let reading = Reading { now: work.now, ..work.app.reading() };
    work.examine(work.count_customers().await?);
    let misplaced: Vec<_> = computation::misplaced(work.reader(), &reading).await?.into_iter().collect();
    work.apply(&misplaced, |tx, batch| async move {
        log::lock(&*tx.db, &batch).await?;
        operations::reconsider(&tx, &batch, &Changed::Everything).await?;
        Ok(batch.len())
    })
    .await?;
    computation::mark(work.app.database.writer(), &reading).await
}

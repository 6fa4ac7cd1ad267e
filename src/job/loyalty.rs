//! The tiers of members in programs that count the spending of a period.

use super::work::Work;
use crate::{
    event::log,
    loyalty::{operations, standing},
};

/// Finds the members whose period is over, and lets them fall to the tier that they reached in it, batch by batch.
///
/// # Errors
/// When the database fails.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    work.examine(standing::count_periodic(work.reader()).await?);
    let overdue = standing::overdue(work.reader(), work.now).await?;
    work.apply(&overdue, |tx, batch| async move {
        log::lock(&*tx.db, &batch).await?;
        Ok(operations::settle_periods(&tx, &batch).await?)
    })
    .await
}

//! Customers who were lost or won back, as time and purchases have it.

use super::work::Work;
use crate::{churn::operations, event::log};

/// Finds everyone who is not what they were when they were last looked at, and looks at them again, batch by batch.
///
/// # Errors
/// When the database fails.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    work.examine(work.count_customers().await?);
    let misjudged = operations::misjudged(work.reader(), work.now).await?;
    work.apply(&misjudged, |tx, batch| async move {
        let customers: Vec<_> = batch.iter().map(|misjudged| misjudged.customer()).collect();
        log::lock(&*tx.db, &customers).await?;
        Ok(operations::reconsider(&tx, &batch).await?)
    })
    .await
}

//! The tiers of members: in programs that count the spending of a period, and in those whose tiers were edited.

use anyhow::ensure;
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::work::{Work, first_of};
use crate::{
    event::log,
    loyalty::{operations, program, standing},
};

/// How many members one statement reads the spending of. What is written meanwhile stays in the log of SQLite: whoever
/// commits after a long read writes all of it to the database.
const AT_ONCE: usize = 10_000;

/// How many such statements are asked side by side.
const SIDE_BY_SIDE: usize = 2;

/// Settles the programs whose tiers were edited. Then finds the members whose period is over, and lets them fall to the
/// tier that they reached in it, batch by batch.
///
/// # Errors
/// When the database fails, or a program could not be settled: all else is done by then.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    let mut failures = Vec::new();
    for (program, version) in program::operations::unsettled(work.reader()).await? {
        failures.extend(settle(work, program, version).await.err());
    }
    let members = standing::periodic(work.reader()).await?;
    work.examine(members.len() as u64);
    let ranges = members.chunks(AT_ONCE).filter_map(|some| Some(*some.first()?..=*some.last()?)).collect::<Vec<_>>();
    let overdue = stream::iter(ranges).map(|range| standing::overdue(work.reader(), work.now, range));
    let overdue = overdue.buffered(SIDE_BY_SIDE).try_concat().await?;
    work.apply(&overdue, |tx, batch| async move {
        log::lock(&*tx.db, &batch).await?;
        Ok(operations::settle_periods(&tx, &batch).await?)
    })
    .await?;
    first_of(failures)
}

/// Brings the members of a program whose tiers were edited, by this version, to those that their spending reaches, batch by
/// batch. Whoever joins or buys meanwhile goes by the new tiers in their own transaction.
///
/// # Errors
/// When the database fails, or a transaction does not end that may go by older tiers: the program is not marked as settled
/// then.
pub(super) async fn settle(work: &Work<'_>, program: Uuid, version: i32) -> anyhow::Result<()> {
    let have_ended = work.outlast_writers().await?;
    let misplaced = standing::misplaced(work.reader(), work.app.clock.now(), program).await?;
    work.examine(misplaced.len() as u64);
    work.apply(&misplaced, |tx, batch| async move {
        log::lock(&*tx.db, &batch).await?;
        Ok(operations::reconsider_tiers(&tx, &batch).await?)
    })
    .await?;
    ensure!(have_ended, "a transaction has not ended that may go by older tiers");
    program::operations::mark_settled(work.app.database.writer(), program, version).await?;
    tracing::info!(%program, moved = misplaced.len(), "the members of a program hold the tiers that they reach");
    Ok(())
}

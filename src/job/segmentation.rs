//! The members of dynamic segments, as time moves them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use uuid::Uuid;

use super::work::{Work, first_of};
use crate::{
    event::log,
    filter::{Book, Entry},
    segment::{Changed, computation, operations, rules},
    store::Reading,
};

/// Empties segments that were deleted, and applies the rules of all dynamic ones to everyone as of now.
///
/// # Errors
/// When the database fails, or stored rules cannot be read or applied: the others are applied by then, and of those the
/// first is told, while the rest are logged.
pub async fn run(work: &Work<'_>) -> anyhow::Result<()> {
    work.examine(work.count_customers().await?);
    let mut failures = Vec::new();
    for segment in operations::deleted(work.reader()).await?.into_keys() {
        failures.extend(empty(work, segment).await.err());
    }
    let rules = Rules::read(work).await?;
    let (mut misplaced, mut found) = (Misplaced::new(), Vec::new());
    failures.extend(rules.book.unreadable().iter().map(|rule| anyhow::anyhow!(inapplicable(&rule.name))));
    for segment in rules.book.entries() {
        match rules.misplaced(work, segment).await {
            Ok(customers) => {
                for customer in customers {
                    misplaced.entry(customer).or_default().push(segment.key);
                }
                found.push(segment);
            }
            Err(error) => failures.push(error),
        }
    }
    rules.place(work, misplaced, &found).await?;
    first_of(failures)
}

/// Lets the members of a segment that was deleted leave it, batch by batch, and takes its row away.
///
/// # Errors
/// When the database fails, or a transaction does not end in which somebody may enter the segment: its row stays then.
pub(super) async fn empty(work: &Work<'_>, segment: Uuid) -> anyhow::Result<()> {
    let have_ended = work.outlast_writers().await?;
    let members = operations::members(work.reader(), segment).await?;
    work.apply(&members, |tx, batch| async move {
        log::lock(&*tx.db, &batch).await?;
        Ok(operations::empty(&tx, segment, &batch).await?)
    })
    .await?;
    ensure!(have_ended, "a transaction has not ended in which somebody may enter the segment");
    operations::forget(work.app.database.writer(), segment).await?;
    tracing::info!(%segment, left = members.len(), "the members of a deleted segment have left");
    Ok(())
}

/// What is told of a segment whose rule cannot be read, or applied.
fn inapplicable(name: &str) -> String {
    format!("the rule of segment {name:?} cannot be applied")
}

/// Customers, and the segments which they are in wrongly, or wrongly not in.
pub(super) type Misplaced = BTreeMap<Uuid, Vec<Uuid>>;

/// The rules as they are now.
pub(super) struct Rules {
    /// The rules.
    pub book: Book,
    reading: Reading,
    /// The segments by whose rules not all transactions go yet.
    unsettled: BTreeSet<Uuid>,
}

impl Rules {
    /// Reads them, and waits a while for transactions that may go by older ones: whom these write is seen afterwards.
    pub async fn read(work: &Work<'_>) -> anyhow::Result<Self> {
        let reading = Reading { now: work.now, ..work.app.reading() };
        let book = rules::read(work.reader(), &reading).await?;
        let new = computation::uncomputed(work.reader()).await?;
        let is_settled = new.is_empty() || work.outlast_writers().await?;
        let unsettled = if is_settled { BTreeSet::new() } else { new.into_keys().collect() };
        Ok(Self { book, reading, unsettled })
    }

    /// Makes sure that the members by the rule of `segment` are all there are.
    pub fn check(&self, segment: &Entry) -> anyhow::Result<()> {
        ensure!(!self.unsettled.contains(&segment.key), "a transaction has not ended that may go by an older rule");
        Ok(())
    }

    /// Those who are in `segment` wrongly, or wrongly not in it.
    ///
    /// # Errors
    /// When its rule cannot be applied.
    pub async fn misplaced(&self, work: &Work<'_>, segment: &Entry) -> anyhow::Result<BTreeSet<Uuid>> {
        computation::misplaced(work.reader(), &self.reading, segment).await.with_context(|| inapplicable(&segment.name))
    }

    /// Brings `misplaced` to where they belong, by the rules of `segments`, which are marked as computed.
    ///
    /// They are reconsidered, batch by batch, as everyone is to whom something happens: segments whose rules name these
    /// follow.
    ///
    /// # Errors
    /// When the database fails, or the job is another process's by now.
    pub async fn place(&self, work: &Work<'_>, misplaced: Misplaced, segments: &[&Entry]) -> anyhow::Result<()> {
        let misplaced: Vec<_> = misplaced.into_iter().collect();
        work.apply(&misplaced, |tx, batch| async move {
            let customers: Vec<_> = batch.iter().map(|(customer, _)| *customer).collect();
            let changed = Changed::by_rules(batch.iter().flat_map(|(_, segments)| segments).copied().collect());
            log::lock(&*tx.db, &customers).await?;
            let book = rules::of(&tx).await?;
            operations::reconsider(&tx, &book, &customers, &changed).await?;
            Ok(batch.len())
        })
        .await?;
        let settled = segments.iter().copied().filter(|segment| self.check(segment).is_ok());
        computation::mark(work.app.database.writer(), &self.reading, settled).await
    }
}

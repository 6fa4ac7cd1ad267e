//! The members by rules that are new.

use std::collections::BTreeMap;

use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Task,
    retries::{FIRST_RETRY, Retries},
};
use crate::{
    filter::Entry,
    job::{
        segmentation::{Misplaced, Rules},
        work::Work,
    },
};

/// Applies each of the rules that are `new`, given by segment and version, by itself.
///
/// # Errors
/// When the database fails. What is wrong with one rule is logged, and does not hold up the others.
pub(super) async fn settle(work: &Work<'_>, new: &BTreeMap<Uuid, i32>, retries: &mut Retries) -> anyhow::Result<()> {
    let rules = Rules::read(work).await?;
    for rule in rules.book.unreadable().iter().filter(|rule| new.contains_key(&rule.key)) {
        retries.blame(Task::Rule(rule.key), rule.version, Instant::now());
    }
    for segment in rules.book.entries().filter(|segment| new.contains_key(&segment.key)) {
        let (handle, task) = (segment.name.as_str(), Task::Rule(segment.key));
        let misplaced = match rules.misplaced(work, segment).await {
            Ok(misplaced) => misplaced,
            Err(error) => {
                let wait = retries.blame(task, segment.version, Instant::now());
                let (error, seconds) = (format!("{error:#}"), wait.as_secs());
                tracing::error!(segment = handle, error, seconds, "a new rule could not be applied; it is tried again");
                continue;
            }
        };
        let misplaced = misplaced.into_iter().map(|customer| (customer, vec![segment.key])).collect();
        match place(work, &rules, misplaced, segment).await {
            Ok(changed) => tracing::info!(segment = handle, changed, "the members by a new rule are found"),
            Err(error) => {
                retries.put_off(task, segment.version, Instant::now());
                let (error, seconds) = (format!("{error:#}"), FIRST_RETRY.as_secs());
                tracing::error!(segment = handle, error, seconds, "members could not be placed; it is tried again");
            }
        }
    }
    Ok(())
}

/// Brings those who are `misplaced` to where they belong, and gives how many moved.
async fn place(work: &Work<'_>, rules: &Rules, misplaced: Misplaced, segment: &Entry) -> anyhow::Result<u64> {
    let (_, before) = work.tally();
    rules.place(work, misplaced, &[segment]).await?;
    rules.check(segment)?;
    Ok(work.tally().1 - before)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    };

    use async_graphql::{ID, MaybeUndefined};
    use entity::{segment, segment_membership};
    use sea_orm::EntityTrait;
    use tokio::{pin, select};

    use super::*;
    use crate::{
        app::App,
        filter::{Book, Literal, Rule, Test},
        given::{IS_BLOCKED, origin, session, settle_beside, side_by_side},
        reactions::transact_as,
        rejection::Attempt,
        segment::{
            Changed, editing,
            input::{SegmentCreateInput, SegmentUpdateInput},
            operations, rules,
        },
        store::execute,
        transaction::Transaction,
    };

    /// The segment of those who have ordered.
    async fn make(app: &App) -> Uuid {
        let (name, handle, description, filter) = ("Buyers".to_owned(), None, None, None);
        let input = &SegmentCreateInput { name, handle, description, filter };
        let rule = &Rule::Compare { field: "totalOrders".to_owned(), test: Test::Gte(Literal::Integer(1)) };
        let create = |tx| async move { editing::create(&tx, input, Some(rule.clone())).await };
        transact_as(app, &origin(), create).await.expect("a segment")
    }

    async fn make_static(app: &App, segment: Uuid) -> Attempt<Uuid> {
        let input = &SegmentUpdateInput {
            id: ID::default(),
            name: MaybeUndefined::Undefined,
            handle: MaybeUndefined::Undefined,
            description: MaybeUndefined::Undefined,
            filter: MaybeUndefined::Null,
            expected_version: None,
        };
        let edit = |tx| async move { editing::update(&tx, segment, input, MaybeUndefined::Null).await };
        transact_as(app, &origin(), edit).await
    }

    /// An order as far as rules see it, up to where they are read.
    async fn order(tx: &Transaction, customer: Uuid) -> anyhow::Result<Arc<Book>> {
        execute(&*tx.db, "update customer set total_orders = 1 where id = $1", vec![customer.into()]).await?;
        tx.lock(customer);
        rules::of(tx).await
    }

    async fn reconsider(tx: &Transaction, book: &Book, customer: Uuid) -> anyhow::Result<()> {
        operations::reconsider(tx, book, &[customer], &Changed::from(&["total_orders"][..])).await
    }

    async fn is_member(app: &App, segment: Uuid, customer: Uuid) -> anyhow::Result<bool> {
        let place = segment_membership::Entity::find_by_id((segment, customer));
        Ok(place.one(app.database.reader()).await?.is_some())
    }

    #[tokio::test]
    async fn whoever_is_written_by_older_rules_is_found_when_that_is_committed() -> anyhow::Result<()> {
        side_by_side(async |app, jane| {
            let early = Transaction::begin(&app, &origin()).await?;
            let book = order(&early, jane).await?;
            reconsider(&early, &book, jane).await?;
            let buyers = make(&app).await;

            settle_beside(&app, early).await?;

            assert!(is_member(&app, buyers, jane).await?);
            let segment = segment::Entity::find_by_id(buyers).one(app.database.reader()).await?;
            assert!(segment.is_some_and(|segment| segment.computed_at.is_some()));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn nobody_moves_by_a_rule_that_was_taken_away_meanwhile() -> anyhow::Result<()> {
        side_by_side(async |app, jane| {
            let (buyers, tries) = (make(&app).await, AtomicU32::new(0));

            let origin = origin();
            let moving = transact_as(&app, &origin, |tx| {
                let (app, tries) = (&app, &tries);
                async move {
                    let book = order(&tx, jane).await?;
                    if tries.fetch_add(1, Ordering::Relaxed) == 0 {
                        make_static(app, buyers).await?;
                    }
                    Ok(reconsider(&tx, &book, jane).await?)
                }
            });
            moving.await.expect("another try");

            assert_eq!(tries.load(Ordering::Relaxed), 2);
            assert!(!is_member(&app, buyers, jane).await?);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_rule_is_edited_once_those_have_ended_who_moved_by_it() -> anyhow::Result<()> {
        side_by_side(async |app, jane| {
            let buyers = make(&app).await;
            let early = Transaction::begin(&app, &origin()).await?;
            let book = order(&early, jane).await?;
            reconsider(&early, &book, jane).await?;

            let editing = make_static(&app, buyers);
            pin!(editing);
            select! {
                edited = &mut editing => anyhow::bail!("it did not wait: {edited:?}"),
                is_blocked = session(&app, IS_BLOCKED) => is_blocked?,
            }
            early.commit().await?;
            editing.await.expect("an edit");

            assert!(is_member(&app, buyers, jane).await?);
            Ok(())
        })
        .await
    }
}

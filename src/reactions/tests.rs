//! What follows from what, and what a transaction does that is tried again.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use async_graphql::MaybeUndefined::{Null, Value};
use chrono::TimeDelta;
use entity::{
    communication::CommunicationChannel,
    customer::{self, CustomerKind, Gender},
    loyalty_membership, loyalty_tier,
    order::{self, OrderStatus},
};
use sea_orm::{
    ColumnTrait, ConnectOptions, ConnectionTrait, Database, EntityTrait, QueryFilter, QueryOrder, prelude::Json,
};
use tokio::sync::Barrier;

use super::*;
use crate::{
    customer::{input::CustomerFacts, operations},
    filter::Reads,
    given::{self, origin},
    instant::{Day, Instant},
    loyalty::standing,
    order::operations::{Step, deliver},
    rejection::Rejection,
    rejection::RejectionCode,
    store::{execute, insert_all},
};

async fn customers(app: &App) -> anyhow::Result<[Uuid; 2]> {
    let tx = app.database.begin().await?;
    let customers = [given::customer(&tx, "Jane").await?, given::customer(&tx, "John").await?];
    tx.commit().await?;
    Ok(customers)
}

/// The columns of all customers, and what is in them.
async fn columns(tx: &Transaction) -> anyhow::Result<Vec<(String, Json)>> {
    let rows = customer::Entity::find().order_by_asc(customer::Column::Id).into_json().all(&*tx.db).await?;
    Ok(rows.iter().filter_map(|row| row.as_object().cloned()).flatten().collect())
}

/// Whether a rule that reads a column or table of this name is concerned.
fn is_read(changed: &Changed, name: &str) -> bool {
    changed.is_in(&Reads { words: BTreeSet::from([name.to_owned()]), names: BTreeSet::new() })
}

fn check_named(changed: &Changed, before: &[(String, Json)], after: &[(String, Json)]) {
    for ((column, before), (_, after)) in before.iter().zip(after) {
        // Rules do not read what `search` does.
        let is_named = column == "search_text" || is_read(changed, column);
        assert!(is_named || before == after, "{changed:?} has no {column}");
    }
}

async fn rename(tx: &Transaction, customer: Uuid) -> Attempt<()> {
    execute(&*tx.db, "update customer set name = name || '!' where id = $1", vec![customer.into()]).await?;
    Ok(())
}

#[tokio::test]
async fn a_transaction_that_loses_a_deadlock_is_tried_again() -> anyhow::Result<()> {
    // SQLite has one writer at a time, and no deadlocks: there the two go one after the other.
    given::each_store(async |app| {
        let [jane, john] = customers(&app).await?;
        let (barrier, tries, origin) = (&Barrier::new(2), &AtomicU32::new(0), origin());
        let is_parallel = app.database.dialect() == crate::store::Dialect::Postgres;
        let both = |first, second| {
            transact_as(&app, &origin, move |tx| async move {
                let is_first_try = tries.fetch_add(1, Ordering::Relaxed) < 2;
                rename(&tx, first).await?;
                if is_first_try && is_parallel {
                    barrier.wait().await;
                }
                rename(&tx, second).await
            })
        };

        let (one, other) = tokio::join!(both(jane, john), both(john, jane));

        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        assert_eq!(tries.load(Ordering::Relaxed), if is_parallel { 3 } else { 2 });
        let name = entity::customer::Entity::find_by_id(jane).one(app.database.reader()).await?;
        assert_eq!(name.map(|customer| customer.name).as_deref(), Some("Jane!!"));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_was_bought_counts_though_the_clock_that_told_of_it_is_ahead() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let (ahead, origin) = (given::now() + TimeDelta::seconds(2), origin());
        for (customer, evaluation) in customers(&app).await?.into_iter().zip(["LIFETIME", "ROLLING"]) {
            let tx = app.database.begin().await?;
            execute(&tx, "update loyalty_program set evaluation = $1", vec![evaluation.into()]).await?;
            standing::enroll(&tx, given::now(), Some(&[customer])).await?;
            let placed = order::Model {
                delivered_at: None,
                status: OrderStatus::Processing,
                ..given::purchase(customer, ahead, 50_000)
            };
            insert_all(&tx, vec![placed.clone()]).await?;
            tx.commit().await?;

            let step = &Step { order: placed.id, at: None, expected_version: None };
            let delivered = transact_as(&app, &origin, |tx| async move { deliver(&tx, step).await });
            delivered.await.expect("it is delivered");

            let is_theirs = loyalty_membership::Column::CustomerId.eq(customer);
            let held = loyalty_membership::Entity::find().filter(is_theirs).one(app.database.reader()).await?;
            let held = held.context("a membership")?;
            let tier = loyalty_tier::Entity::find_by_id(held.tier_id).one(app.database.reader()).await?;
            assert_eq!((tier.context("a tier")?.name.as_str(), held.tier_since.0), ("Silver", ahead), "{evaluation}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_busy_sqlite_passes() -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let url = given::sqlite(&directory);
    // A store that is dropped closes its connections in its own time, and locks the file once more.
    let _open = given::app(&url).await?;
    let connect = async |patience| {
        let mut options = ConnectOptions::new(&url);
        options.map_sqlx_sqlite_opts(move |sqlite| sqlite.busy_timeout(patience));
        Database::connect(options).await
    };
    let (holder, other) = (connect(Duration::from_secs(5)).await?, connect(Duration::ZERO).await?);
    holder.execute_unprepared("begin immediate").await?;

    let busy = other.execute_unprepared("begin immediate").await.expect_err("the lock is held");

    assert!(is_passing(&busy.into()));
    Ok(())
}

#[tokio::test]
async fn what_is_refused_leaves_no_trace_and_is_not_tried_again() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let [jane, _] = customers(&app).await?;
        let (tries, origin) = (&AtomicU32::new(0), origin());

        let refused = transact_as(&app, &origin, |tx| async move {
            tries.fetch_add(1, Ordering::Relaxed);
            rename(&tx, jane).await?;
            tx.emit(Event::CustomerUpdated { customer: jane, changed: vec!["name"] });
            Err::<(), _>(Rejection::new(RejectionCode::NotAllowed, "input", "not today").into())
        });

        assert!(matches!(refused.await, Err(Refusal::Rejected(reasons)) if reasons.len() == 1));
        assert_eq!(tries.load(Ordering::Relaxed), 1);
        let customer = entity::customer::Entity::find_by_id(jane).one(app.database.reader()).await?;
        assert_eq!(customer.map(|customer| customer.name).as_deref(), Some("Jane"));
        assert_eq!(entity::event::Entity::find().one(app.database.reader()).await?, None);
        Ok(())
    })
    .await
}

/// Segments are only asked again whose rules read what an event is said to change.
#[tokio::test]
async fn an_event_changes_no_figure_but_those_that_it_is_said_to() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let [jane, john] = customers(&app).await?;
        let order = |customer| Box::new(given::purchase(customer, given::ago(10), 600_000));
        let events = [
            Event::OrderCreated { order: order(jane) },
            Event::OrderDelivered { order: order(jane) },
            Event::CustomerPurchased { order: order(jane) },
            Event::OrderRefunded { refund: Box::new(given::refund(jane, given::ago(1), 1_000)) },
            Event::OrderCreated { order: order(john) },
            Event::OrderCancelled { order: order(john) },
        ];

        for event in events {
            let tx = Transaction::begin(&app, &origin()).await?;
            let before = columns(&tx).await?;
            let (_, changed) = follow(&tx, event, |_| ()).await?;
            check_named(&changed, &before, &columns(&tx).await?);
            tx.commit().await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_edit_changes_nothing_but_where_its_fields_are_stored() -> anyhow::Result<()> {
    let text = |text: &str| Value(text.to_owned());
    let none = CustomerFacts::default;
    let edits = [
        CustomerFacts { name: text("Jane Doe"), ..none() },
        CustomerFacts { given_name: text("Jane"), ..none() },
        CustomerFacts { family_name: text("Roe"), ..none() },
        CustomerFacts { email: text("jane@example.org"), ..none() },
        CustomerFacts { telephone: text("+12125550123"), ..none() },
        CustomerFacts { birth_date: Value(Day(given::ago(9_000).date_naive())), ..none() },
        CustomerFacts { gender: Value(Gender::Female), ..none() },
        CustomerFacts { email_opt_in: Value(true), ..none() },
        CustomerFacts { sms_opt_in: Value(true), ..none() },
        CustomerFacts { communication_preferences: Value(vec![CommunicationChannel::Sms]), ..none() },
        CustomerFacts { preferred_language: text("de"), ..none() },
        CustomerFacts { timezone: text("Europe/Berlin"), ..none() },
        CustomerFacts { custom_fields: Value(serde_json::json!({ "size": 38 })), ..none() },
        CustomerFacts { external_id: text("J1"), ..none() },
        CustomerFacts { customer_since: Value(Instant(given::ago(400))), ..none() },
        CustomerFacts { tags: Value(vec!["vip".to_owned()]), ..none() },
        CustomerFacts { given_name: Null, family_name: Null, birth_date: Null, gender: Null, ..none() },
        CustomerFacts { kind: Value(CustomerKind::Organization), ..none() },
        CustomerFacts { legal_name: text("Jane Inc."), ..none() },
    ];
    given::each_store(async |app| {
        let [jane, _] = customers(&app).await?;
        for facts in &edits {
            let tx = Transaction::begin(&app, &origin()).await?;
            let before = columns(&tx).await?;
            operations::update(&tx, jane, facts, None).await.expect("an edit");
            let after = columns(&tx).await?;
            let mut changed = Changed::default();
            for place in 0.. {
                let Some(event) = tx.event(place) else { break };
                changed = changed.and(follow(&tx, event, |_| ()).await?.1);
            }
            assert_ne!(before, after, "{facts:?}");
            check_named(&changed, &before, &after);
            assert!(!is_read(&changed, "orders"), "{facts:?} {changed:?}");
            tx.commit().await?;
        }
        Ok(())
    })
    .await
}

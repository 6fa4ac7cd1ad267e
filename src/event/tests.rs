//! The log as its readers see it.

use std::time::Duration;

use entity::event::{EventCause, EventType};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction,
    sqlx::postgres::{PgListener, PgNotification},
};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use uuid::Uuid;

use super::{
    Follower, Tale,
    log::{self, Origin},
    reader,
};
use crate::{app::App, clock::Clock, given, store::Dialect};

const PATIENCE: Duration = Duration::from_secs(30);

/// An event of a customer of its own, so that nobody waits for a lock.
fn tale() -> Tale {
    Tale {
        kind: EventType::CustomerCreated,
        occurred_at: given::now(),
        customer: Clock::System.key(),
        order: None,
        refund: None,
        segment: None,
        program: None,
        tier: None,
        changed_fields: Vec::new(),
        decided_by: Vec::new(),
    }
}

async fn append(tx: &DatabaseTransaction, tales: &[Tale]) -> anyhow::Result<()> {
    let origin = Origin { actor: "local".to_owned(), cause: EventCause::Request };
    log::append(tx, Clock::System, &origin, tales).await?;
    Ok(())
}

async fn tell(app: &App, tales: &[Tale]) -> anyhow::Result<()> {
    let tx = app.database.begin().await?;
    append(&tx, tales).await?;
    tx.commit().await?;
    app.bell.ring();
    Ok(())
}

fn start(app: &App) -> AbortOnDropHandle<()> {
    AbortOnDropHandle::new(tokio::spawn(reader::run(app.clone(), CancellationToken::new())))
}

/// The next so many events: whom each is about, in the order in which a follower sees them.
async fn seen(follower: &mut Follower, count: usize) -> anyhow::Result<Vec<Uuid>> {
    let mut customers = Vec::new();
    while customers.len() < count {
        let (batch, after) = timeout(PATIENCE, follower.next()).await?;
        for event in batch.events.iter().filter(|event| event.position > Some(after)) {
            let position = event.position.unwrap_or_default();
            assert!(customers.is_empty() || position > after, "in order");
            customers.push(event.customer_id);
        }
    }
    Ok(customers)
}

fn customers(tales: &[Tale]) -> Vec<Uuid> {
    tales.iter().map(|tale| tale.customer).collect()
}

#[tokio::test]
async fn a_transaction_that_commits_late_is_seen_late_and_by_all_in_the_same_order() -> anyhow::Result<()> {
    given::each_store(async |app| {
        if app.database.dialect() == Dialect::Sqlite {
            // It has one writer: no two transactions that write are open together.
            return Ok(());
        }
        let _reader = start(&app);
        app.feed.catch_up(&app.bell).await;
        let mut live = app.feed.follow(app.database.clone(), 0);
        let mut expected = Vec::new();
        for is_first_late in [true, false] {
            let (early, late) = (app.database.begin().await?, app.database.begin().await?);
            let (one, other) = ([tale(), tale()], [tale()]);
            // The numbers are drawn here; whichever of the two drew the lower ones may commit late.
            if is_first_late {
                append(&late, &one).await?;
                append(&early, &other).await?;
            } else {
                append(&early, &other).await?;
                append(&late, &one).await?;
            }

            early.commit().await?;
            app.bell.ring();
            assert_eq!(seen(&mut live, 1).await?, customers(&other));
            tell(&app, &[]).await?;
            let third = [tale()];
            tell(&app, &third).await?;
            assert_eq!(seen(&mut live, 1).await?, customers(&third));
            late.commit().await?;
            app.bell.ring();
            assert_eq!(seen(&mut live, 2).await?, customers(&one));
            expected.extend([customers(&other), customers(&third), customers(&one)].concat());
        }

        let mut replay = app.feed.follow(app.database.clone(), 0);
        assert_eq!(seen(&mut replay, expected.len()).await?, expected);
        let positions: Vec<_> =
            log::after(app.database.reader(), 0, 100).await?.iter().map(|event| event.position).collect();
        assert_eq!(positions, (1..=8).map(Some).collect::<Vec<_>>(), "no gap");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn writers_that_compete_leave_no_gap_for_a_follower() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let _reader = start(&app);
        app.feed.catch_up(&app.bell).await;
        let mut follower = app.feed.follow(app.database.clone(), 0);
        let writing = (0..4).map(|_| {
            let app = app.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    tell(&app, &[tale(), tale()]).await?;
                }
                anyhow::Ok(())
            })
        });
        let writing: Vec<_> = writing.collect();

        let seen = seen(&mut follower, 200).await?;

        for writer in writing {
            writer.await??;
        }
        let log = log::after(app.database.reader(), 0, 1000).await?;
        assert_eq!(log.iter().map(|event| event.position).collect::<Vec<_>>(), (1..=200).map(Some).collect::<Vec<_>>());
        assert_eq!(seen, log.iter().map(|event| event.customer_id).collect::<Vec<_>>());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_follower_who_falls_behind_reads_the_log() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let _reader = start(&app);
        app.feed.catch_up(&app.bell).await;
        let mut follower = app.feed.follow(app.database.clone(), 0);
        let tales: Vec<_> = (0..3000).map(|_| tale()).collect();

        for tales in tales.chunks(500) {
            tell(&app, tales).await?;
            // More than what is kept in memory has gone by in the end.
            app.feed.catch_up(&app.bell).await;
        }

        assert_eq!(seen(&mut follower, 3000).await?, customers(&tales));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_reader_goes_on_when_the_database_has_failed_for_a_while() -> anyhow::Result<()> {
    given::each_store(async |app| {
        let _reader = start(&app);
        app.feed.catch_up(&app.bell).await;
        let mut follower = app.feed.follow(app.database.clone(), 0);
        let tales = [tale()];
        tell(&app, &tales).await?;
        seen(&mut follower, 1).await?;
        let tales = [tale(), tale()];
        let tx = app.database.begin().await?;
        append(&tx, &tales).await?;
        tx.execute_unprepared("alter table event rename to away").await?;
        tx.commit().await?;

        app.bell.ring();
        // It looks, and fails.
        let looking = timeout(Duration::from_millis(200), app.feed.catch_up(&app.bell)).await;
        assert!(looking.is_err());
        app.database.writer().execute_unprepared("alter table away rename to event").await?;

        assert_eq!(seen(&mut follower, 2).await?, customers(&tales));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn other_processes_are_told_when_events_have_their_positions() -> anyhow::Result<()> {
    given::each_store(async |app| {
        if app.database.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let pool = app.database.reader().get_postgres_connection_pool();
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(log::CHANNEL).await?;
        tell(&app, &[tale()]).await?;

        log::number(&app.database).await?;
        let told: PgNotification = timeout(PATIENCE, listener.recv()).await??;

        assert_eq!(told.channel(), log::CHANNEL);
        assert_eq!(log::head(app.database.reader()).await?, 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_another_process_tells_rings_the_bell() -> anyhow::Result<()> {
    given::each_store(async |app| {
        if app.database.dialect() == Dialect::Sqlite {
            return Ok(());
        }
        let (database, bell) = (app.database.clone(), app.bell.clone());
        let _listening = AbortOnDropHandle::new(tokio::spawn(async move { reader::listen(&database, &bell).await }));

        // It may be told before it listens.
        let heard = async {
            loop {
                app.database.writer().execute_unprepared(&format!("notify {}", log::CHANNEL)).await?;
                if timeout(Duration::from_millis(100), app.bell.heard()).await.is_ok() {
                    return anyhow::Ok(());
                }
            }
        };

        timeout(PATIENCE, heard).await?
    })
    .await
}

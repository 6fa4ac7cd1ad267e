//! The one task of a process that reads the log for all.
//!
//! It reads when the bell is rung, which whoever commits in this process does, and on PostgreSQL other processes too,
//! by NOTIFY. Both are only a hint: the log is looked at each second besides, since a hint can be lost, and another
//! process, an import say, may give none.

use std::time::Duration;

use anyhow::Context;
use sea_orm::sqlx::postgres::PgListener;
use tokio::{
    select,
    time::{MissedTickBehavior, interval, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Bell,
    feed::{BATCH_SIZE, Batch},
    log,
};
use crate::{
    app::App,
    store::{Database, Dialect},
};

/// How often the log is looked at when nobody rings.
const POLL: Duration = Duration::from_secs(1);
/// How long to wait before listening to other processes again.
const PAUSE: Duration = Duration::from_secs(5);

/// Reads the log until told to end. While the database fails, it waits and tries again.
pub async fn run(app: App, ending: CancellationToken) {
    select! {
        () = ending.cancelled() => {}
        () = listen(&app.database, &app.bell) => {}
        () = read(&app) => {}
    }
}

async fn read(app: &App) {
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_failing = false;
    let mut is_first = true;
    loop {
        select! {
            () = app.bell.heard() => {}
            _ = poll.tick() => {}
        }
        app.feed.begin_pass();
        match pass(app, is_first).await {
            Ok(()) => {
                app.feed.end_pass();
                (is_failing, is_first) = (false, false);
            }
            // One line for each outage, not one a second.
            Err(error) if !is_failing => {
                is_failing = true;
                tracing::warn!(error = format!("{error:#}"), "the log of events could not be read; trying again");
            }
            Err(_) => {}
        }
    }
}

/// Reads the log to its end.
async fn pass(app: &App, is_first: bool) -> anyhow::Result<()> {
    // What other processes have numbered can be read even if this one cannot write.
    let numbered = number(&app.database).await;
    let db = app.database.uncounted_reader();
    if is_first || !app.feed.is_followed() {
        app.feed.move_head(log::head(db).await?);
        return numbered;
    }
    loop {
        let batch = Batch::read(db, app.feed.head()).await?;
        let is_last = batch.events.len() < BATCH_SIZE.into();
        app.feed.push(batch);
        if is_last {
            return numbered;
        }
    }
}

async fn number(database: &Database) -> anyhow::Result<()> {
    while log::number(database).await? > 0 {}
    Ok(())
}

/// Rings the bell when another process tells of events.
pub(super) async fn listen(database: &Database, bell: &Bell) {
    if database.dialect() == Dialect::Sqlite {
        // One process serves an SQLite database; what others write is found by looking.
        return std::future::pending().await;
    }
    loop {
        if let Err(error) = relay(database, bell).await {
            tracing::warn!(error = format!("{error:#}"), "other processes cannot be heard; trying again");
        }
        sleep(PAUSE).await;
    }
}

async fn relay(database: &Database, bell: &Bell) -> anyhow::Result<()> {
    let pool = database.reader().get_postgres_connection_pool();
    let mut listener = PgListener::connect_with(pool).await.context("could not connect to listen")?;
    listener.listen(log::CHANNEL).await.context("could not listen")?;
    loop {
        // It connects again by itself; what is told meanwhile is found by looking.
        listener.recv().await.context("could not hear")?;
        bell.ring();
    }
}

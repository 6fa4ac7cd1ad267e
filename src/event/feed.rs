//! What the reader of the log hands on: how far the log goes, and its latest events.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entity::event;
use sea_orm::ConnectionTrait;
use tokio::{
    sync::{OnceCell, watch},
    time::sleep,
};
use uuid::Uuid;

use super::{Bell, log};
use crate::{failure::Outcome, store::Database};

/// How many events are read at once.
pub const BATCH_SIZE: u16 = 256;
/// How many batches are kept for those who read the log as it grows; others read it again.
const RECENT_BATCHES: usize = 4;
/// How long to wait before the log is read again when the database failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Events that follow one another in the log.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, in the log's order.
    pub events: Vec<event::Model>,
    matches: Mutex<HashMap<String, Matches>>,
}

/// The keys that fulfil a condition, once they are known.
type Matches = Arc<OnceCell<Arc<HashSet<Uuid>>>>;

impl Batch {
    /// Reads the events after `position` from the log. There are none at its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(db: &impl ConnectionTrait, position: i64) -> anyhow::Result<Self> {
        let events = log::after(db, position, BATCH_SIZE.into()).await?;
        Ok(Self { events, ..Self::default() })
    }

    /// The same where there are events to read, as often as it takes.
    pub async fn reread(db: &impl ConnectionTrait, position: i64) -> Self {
        loop {
            match Self::read(db, position).await {
                Ok(batch) if !batch.events.is_empty() => return batch,
                Ok(_) => tracing::error!(position, "the log of events ends before its head"),
                Err(error) => tracing::warn!(error = format!("{error:#}"), "the log of events could not be read"),
            }
            sleep(PAUSE).await;
        }
    }

    /// The position of the last event, if there is one.
    #[must_use]
    pub fn last(&self) -> Option<i64> {
        self.events.last()?.position
    }

    fn holds(&self, position: i64) -> bool {
        self.events.first().is_some_and(|first| first.position <= Some(position)) && Some(position) <= self.last()
    }

    /// The keys of the batch that fulfil a condition: `read` once for all subscriptions that ask for the same.
    ///
    /// # Errors
    /// Those of `read`, which is then tried again by the next.
    pub async fn matches<F>(&self, condition: String, read: impl FnOnce() -> F) -> Outcome<Arc<HashSet<Uuid>>>
    where
        F: Future<Output = Outcome<HashSet<Uuid>>>,
    {
        let cell = {
            let mut matches = self.matches.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(matches.entry(condition).or_default())
        };
        cell.get_or_try_init(|| async { read().await.map(Arc::new) }).await.cloned()
    }
}

/// The log as this process knows it. One reader feeds it; anyone can follow it.
#[derive(Clone, Debug, Default)]
pub struct Feed(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    head: watch::Sender<i64>,
    passes: watch::Sender<Passes>,
    recent: Mutex<VecDeque<Arc<Batch>>>,
}

/// How often the log has been read to its end.
#[derive(Clone, Copy, Debug, Default)]
struct Passes {
    begun: u64,
    done: u64,
}

impl Feed {
    /// The position of the last event that is known here.
    #[must_use]
    pub fn head(&self) -> i64 {
        *self.0.head.borrow()
    }

    /// Waits until everything that was committed before the call is known, and gives the position of the last event.
    pub async fn catch_up(&self, bell: &Bell) -> i64 {
        let mut passes = self.0.passes.subscribe();
        // A pass that runs already may have looked too early.
        let begun = passes.borrow_and_update().begun;
        bell.ring();
        // It fails when the sender is gone, which lives as long as `self`.
        let _ = passes.wait_for(|passes| passes.done > begun).await;
        self.head()
    }

    /// Follows the log from `position` on.
    #[must_use]
    pub fn follow(&self, database: Database, position: i64) -> Follower {
        Follower { feed: self.clone(), head: self.0.head.subscribe(), database, position }
    }

    /// Whether anyone follows the log.
    pub(super) fn is_followed(&self) -> bool {
        self.0.head.receiver_count() > 0
    }

    pub(super) fn begin_pass(&self) {
        self.0.passes.send_modify(|passes| passes.begun += 1);
    }

    /// Tells that the log was read to its end by the pass that was begun last.
    pub(super) fn end_pass(&self) {
        self.0.passes.send_modify(|passes| passes.done = passes.begun);
    }

    /// Adds events.
    pub(super) fn push(&self, batch: Batch) {
        let Some(head) = batch.last() else { return };
        let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.truncate(RECENT_BATCHES - 1);
        recent.push_front(Arc::new(batch));
        drop(recent);
        self.move_head(head);
    }

    /// Tells how far the log goes, without its events.
    pub(super) fn move_head(&self, position: i64) {
        self.0.head.send_if_modified(|head| std::mem::replace(head, position) != position);
    }

    fn recent(&self, position: i64) -> Option<Arc<Batch>> {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().find(|batch| batch.holds(position)).cloned()
    }
}

/// Someone who reads the log as it grows, at their own pace.
#[derive(Debug)]
pub struct Follower {
    feed: Feed,
    head: watch::Receiver<i64>,
    database: Database,
    position: i64,
}

impl Follower {
    /// Waits for the next events: a batch, and the position in it after which they begin.
    ///
    /// Events come in the log's order, none is left out and none comes twice. Whoever falls behind what is kept in
    /// memory reads the log; while the database fails, that is tried again.
    pub async fn next(&mut self) -> (Arc<Batch>, i64) {
        let after = self.position;
        // It fails when the sender is gone, which lives as long as `feed`.
        let _ = self.head.wait_for(|head| *head > after).await;
        let batch = match self.feed.recent(after + 1) {
            Some(batch) => batch,
            None => Arc::new(Batch::reread(self.database.reader(), after).await),
        };
        self.position = batch.last().unwrap_or(after);
        (batch, after)
    }
}

//! Subscriptions that ask for the same are executed once, and what they answer is written once for all.
//!
//! A topic holds few results. It goes on when all its subscribers have taken the oldest, or when one of them has let
//! it lie for [`PATIENCE`]: that one then finds that it missed some, and is told where to read on. So the log is the
//! queue of all subscribers, and memory is bounded.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::StreamExt;
use tokio::{
    sync::broadcast::{self, Receiver, Sender, WeakSender},
    time::{Instant, sleep, timeout_at},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    operation::{self, Step},
    request::Prepared,
    router::Context,
};
use crate::{auth::Viewer, event::Follower};

/// How many results a topic holds for subscribers that have not taken them.
const WINDOW: usize = 64;
/// How long a subscriber may leave a result while the others wait for those that follow: one that is slow must not
/// hold up those that are not.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often to look whether a result has been taken by all.
const LOOK: Duration = Duration::from_millis(2);

/// What makes subscriptions the same: where they start does not count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    query: String,
    operation_name: Option<String>,
    variables: String,
    viewer: Viewer,
}

impl Key {
    fn new(context: &Context, prepared: &Prepared) -> Self {
        let mut variables = prepared.variables.clone();
        if let Some(name) = prepared.variable_of_after() {
            variables.remove(name.as_str());
        }
        Self {
            query: prepared.query.clone(),
            operation_name: prepared.operation_name.clone(),
            // Variables came as JSON, and are written again.
            variables: serde_json::to_string(&variables).unwrap_or_default(),
            viewer: context.viewer(),
        }
    }
}

/// All topics that have a subscriber.
#[derive(Clone, Debug, Default)]
pub struct Topics(Arc<Mutex<HashMap<Key, Weak<Topic>>>>);

/// Results for all who subscribed to the same. It ends with its last subscriber.
#[derive(Debug)]
pub struct Topic {
    sender: WeakSender<Step>,
    announced: Arc<AtomicI64>,
    topics: Topics,
    key: Key,
    _driver: AbortOnDropHandle<()>,
}

impl Topics {
    /// The topic of a subscription, which begins if there is none.
    #[must_use]
    pub fn join(&self, context: &Context, prepared: &Arc<Prepared>) -> Arc<Topic> {
        let key = Key::new(context, prepared);
        // Let go after the lock, which a topic takes when it is dropped.
        let living;
        let mut topics = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        living = topics.get(&key).and_then(Weak::upgrade);
        if let Some(topic) = &living
            && topic.sender.strong_count() > 0
        {
            return Arc::clone(topic);
        }
        let position = context.app.feed.head();
        let announced = Arc::new(AtomicI64::new(position));
        let sender = Sender::new(WINDOW);
        let weak = sender.downgrade();
        let follower = context.app.feed.follow(context.app.database.clone(), position);
        let driving = drive(context.clone(), Arc::clone(prepared), follower, sender, Arc::clone(&announced));
        let topic = Arc::new(Topic {
            sender: weak,
            announced,
            topics: self.clone(),
            key: key.clone(),
            _driver: AbortOnDropHandle::new(tokio::spawn(driving)),
        });
        topics.insert(key, Arc::downgrade(&topic));
        topic
    }
}

impl Topic {
    /// Everything that is announced from now on. None if the topic failed.
    #[must_use]
    pub fn subscribe(&self) -> Option<Receiver<Step>> {
        self.sender.upgrade().map(|sender| sender.subscribe())
    }

    /// The position of the log up to which everything was sent, or is being sent to those who have subscribed.
    #[must_use]
    pub fn announced(&self) -> i64 {
        self.announced.load(Ordering::SeqCst)
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        let mut topics = self.topics.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another may have taken its place.
        if topics.get(&self.key).is_some_and(|topic| topic.strong_count() == 0) {
            topics.remove(&self.key);
        }
    }
}

/// Follows the log for a topic.
async fn drive(
    context: Context,
    prepared: Arc<Prepared>,
    mut follower: Follower,
    sender: Sender<Step>,
    announced: Arc<AtomicI64>,
) {
    let mut sent = VecDeque::with_capacity(WINDOW);
    loop {
        let (batch, after) = follower.next().await;
        let last = batch.last();
        let mut steps = operation::show(&context, &prepared, batch, after);
        while let Some(step) = steps.next().await {
            let position = match &step {
                Step::Next(payload) => payload.position,
                Step::Failed(_) => None,
            };
            // Announced first: whoever subscribes between the two reads the event from the log.
            if let Some(position) = position {
                announced.store(position, Ordering::SeqCst);
            }
            await_room(&sender, &mut sent).await;
            // Nobody takes it when the last subscriber is just leaving.
            let _ = sender.send(step);
            if position.is_none() {
                return;
            }
        }
        announced.store(last.unwrap_or(after), Ordering::SeqCst);
    }
}

/// Waits until the oldest result has been taken by all, or has been left for too long.
async fn await_room(sender: &broadcast::Sender<Step>, sent: &mut VecDeque<Instant>) {
    if sent.len() == WINDOW
        && let Some(oldest) = sent.pop_front()
    {
        let taken = async {
            while sender.len() >= WINDOW {
                sleep(LOOK).await;
            }
        };
        if timeout_at(oldest + PATIENCE, taken).await.is_err() {
            tracing::info!("a subscriber reads too slowly, and is told to subscribe again");
        }
    }
    sent.push_back(Instant::now());
}

#[cfg(test)]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;
    use crate::http::operation::Payload;

    fn step(position: usize) -> Step {
        let position = i64::try_from(position).expect("a small number");
        Step::Next(Payload { position: Some(position), json: "{}".into() })
    }

    async fn send(sender: &Sender<Step>, sent: &mut VecDeque<Instant>, count: usize) {
        for position in 0..count {
            await_room(sender, sent).await;
            sender.send(step(position)).expect("a subscriber");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_subscriber_who_takes_what_is_sent() {
        let (sender, mut subscriber) = broadcast::channel(WINDOW);
        let started = Instant::now();
        let taking = tokio::spawn(async move {
            for _ in 0..WINDOW * 10 {
                subscriber.recv().await.expect("none is missed");
            }
        });

        send(&sender, &mut VecDeque::new(), WINDOW * 10).await;

        taking.await.expect("all are taken");
        assert!(started.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_subscriber_who_takes_nothing_is_waited_for_once_and_then_misses_some() {
        let (sender, mut idle) = broadcast::channel(WINDOW);
        let mut sent = VecDeque::new();
        let started = Instant::now();

        send(&sender, &mut sent, WINDOW).await;
        assert_eq!(started.elapsed(), Duration::ZERO, "there was room");
        send(&sender, &mut sent, WINDOW).await;

        assert_eq!(started.elapsed(), PATIENCE);
        assert!(matches!(idle.try_recv(), Err(TryRecvError::Lagged(_))));
    }
}

//! What the sockets and streams of a server share.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::topic::Topics;

/// How many sockets and streams may be open at once.
const MOST_STREAMS: usize = 20_000;

/// How long sockets wait for what their clients have to do.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For `connection_init`, after the socket was opened.
    pub init: Duration,
    /// Between pings. A client that is silent for two of them is gone.
    pub ping: Duration,
    /// For a message to go through, before the client counts as too slow.
    pub send: Duration,
    /// For the last messages to go through to a client that is too slow.
    pub farewell: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            init: Duration::from_secs(3),
            ping: Duration::from_secs(15),
            send: Duration::from_secs(10),
            farewell: Duration::from_secs(30),
        }
    }
}

/// What all sockets and streams share.
#[derive(Clone, Debug)]
pub struct Streams {
    /// Told when the server ends.
    pub ending: CancellationToken,
    /// What the server waits for before it ends.
    pub tasks: TaskTracker,
    /// The subscriptions that are executed for several at once.
    pub topics: Topics,
    /// How long sockets wait.
    pub patience: Patience,
    places: Arc<Semaphore>,
}

impl Streams {
    /// None are open yet.
    #[must_use]
    pub fn new(ending: CancellationToken, patience: Patience) -> Self {
        let places = Arc::new(Semaphore::new(MOST_STREAMS));
        Self { ending, tasks: TaskTracker::new(), topics: Topics::default(), patience, places }
    }

    /// A place for one more, until it is dropped. None if all are taken.
    #[must_use]
    pub fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }
}

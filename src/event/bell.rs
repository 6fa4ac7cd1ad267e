//! How a reader of the log learns that there is more to read.

use std::sync::Arc;

use tokio::sync::Notify;

/// Rung after a transaction with events has been committed in this process. It carries nothing: whoever hears it reads
/// the log. Rung while nobody listens, it is heard by the next who does.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Tells the reader of this process that events were committed.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits until the bell is rung.
    pub async fn heard(&self) {
        self.0.notified().await;
    }
}

//! The transaction that operations see: everything that a mutation changes is written in one.

use chrono::{DateTime, Utc};
use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use crate::{
    app::App,
    clock::Clock,
    event::{Event, log::Origin},
    money::Currency,
    store::{Dialect, Reading},
};

/// A transaction that writes, and what happened in it. Operations never commit, and know no other connection: on
/// SQLite a second one that writes would wait for the first.
#[derive(Debug)]
pub struct Transaction {
    /// The connection.
    pub db: DatabaseTransaction,
    /// The instant of whatever has none of its own.
    pub now: DateTime<Utc>,
    /// The currency of the store.
    pub currency: Currency,
    /// Who writes, and why.
    pub origin: Origin,
    clock: Clock,
    events: Vec<Event>,
}

impl Transaction {
    /// Begins one. Its instant is that at which it has the right to write, so that later events are told of as later.
    ///
    /// # Errors
    /// When the database does not answer, or another process holds its lock for too long.
    pub async fn begin(app: &App, origin: Origin) -> anyhow::Result<Self> {
        let db = app.database.begin().await?;
        let (now, currency, clock) = (app.clock.now(), app.currency, app.clock);
        Ok(Self { db, now, currency, origin, clock, events: Vec::new() })
    }

    /// A new key.
    #[must_use]
    pub fn key(&self) -> Uuid {
        self.clock.key()
    }

    /// The clock that keys come from.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The database's way of writing SQL.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        use sea_orm::ConnectionTrait;
        self.db.get_database_backend().into()
    }

    /// What rows are read with: figures at the instant of the transaction.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading { now: self.now, currency: self.currency }
    }

    /// Tells that something happened. What follows from it is decided by `reactions`.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Everything that happened so far, in its order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }
}

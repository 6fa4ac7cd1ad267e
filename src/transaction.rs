//! The transaction that operations see: everything that a mutation changes is written in one.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use uuid::Uuid;

use crate::{
    app::App,
    clock::Clock,
    event::{Event, log::Origin},
    filter::Shelf,
    money::Currency,
    store::{Columns, Dialect, Reading},
    valuation::Margin,
};

/// Another transaction was faster. The same may go through when it is tried again.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("another transaction was faster")]
pub struct Overtaken;

/// A transaction that writes, and what happened in it. Operations never commit, and know no other connection: on
/// SQLite a second one that writes would wait for the first.
///
/// Clones are handles of the same transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// The connection.
    pub db: Arc<DatabaseTransaction>,
    /// The instant of whatever has none of its own.
    pub now: DateTime<Utc>,
    /// The currency of the store.
    pub currency: Currency,
    /// Who writes, and why.
    pub origin: Arc<Origin>,
    /// The rules of segments, as this process last read them.
    pub rules: Shelf,
    margin: Margin,
    clock: Clock,
    happened: Arc<Mutex<Happened>>,
}

#[derive(Debug, Default)]
struct Happened {
    events: Vec<Event>,
    locked: HashSet<Uuid>,
    written_to: BTreeSet<Uuid>,
    is_unsettled: bool,
    latest: DateTime<Utc>,
}

impl Transaction {
    /// Begins one. Its instant is that of its beginning: on SQLite it has the right to write by then, on PostgreSQL it
    /// may still wait for another that began later.
    ///
    /// # Errors
    /// When the database does not answer, or another process holds its lock for too long.
    pub async fn begin(app: &App, origin: &Origin) -> anyhow::Result<Self> {
        let db = Arc::new(app.database.begin().await?);
        let (origin, rules) = (Arc::new(origin.clone()), app.rules.clone());
        let (now, currency, margin, clock) = (app.clock.now(), app.currency, app.valuation.margin, app.clock);
        Ok(Self { db, now, currency, origin, rules, margin, clock, happened: Arc::default() })
    }

    /// Makes everything that was written last.
    ///
    /// # Errors
    /// When the database fails, or a handle is still held: nothing was written then.
    pub async fn commit(self) -> anyhow::Result<()> {
        let db = Arc::into_inner(self.db).context("an operation went on after it had ended")?;
        db.commit().await.context("could not commit")
    }

    /// Something in the ledger happened at this instant, which a clock of another machine may have told.
    pub fn note_instant(&self, instant: DateTime<Utc>) {
        let mut happened = self.happened();
        happened.latest = happened.latest.max(instant);
    }

    /// The instant as of which customers whose rows are locked are what their ledger says: the present, or the latest
    /// that was noted. On PostgreSQL the transaction may have waited for one that began later than it.
    #[must_use]
    pub fn as_of(&self) -> DateTime<Utc> {
        self.clock.now().max(self.happened().latest)
    }

    /// A new key.
    #[must_use]
    pub fn key(&self) -> Uuid {
        self.clock.key()
    }

    /// Where keys come from.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock
    }

    /// The database's way of writing SQL.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.db.get_database_backend().into()
    }

    /// What rows are read with: figures at the instant of the transaction.
    #[must_use]
    pub fn reading(&self) -> Reading {
        Reading { now: self.now, currency: self.currency, margin: self.margin, columns: Columns::ALL, is_open: false }
    }

    /// Tells that something happened. What follows from it is decided by `reactions`.
    pub fn emit(&self, event: Event) {
        self.happened().events.push(event);
    }

    /// What happened as number `index`, from 0, if so much did.
    #[must_use]
    pub fn event(&self, index: usize) -> Option<Event> {
        self.happened().events.get(index).cloned()
    }

    /// The row of the customer was written or locked in this transaction: nobody else tells of them until it ends.
    pub fn lock(&self, customer: Uuid) {
        self.happened().locked.insert(customer);
    }

    /// Whether the row of the customer is known to be locked.
    #[must_use]
    pub fn has_locked(&self, customer: Uuid) -> bool {
        self.happened().locked.contains(&customer)
    }

    /// Messages to these customers were queued, which can be sent once this is committed, or held back.
    pub fn note_messages(&self, customers: impl IntoIterator<Item = Uuid>) {
        self.happened().written_to.extend(customers);
    }

    /// Whether messages were queued or held back.
    #[must_use]
    pub fn has_messages(&self) -> bool {
        !self.happened().written_to.is_empty()
    }

    /// The customers whom messages are for that were queued or held back.
    #[must_use]
    pub fn written_to(&self) -> BTreeSet<Uuid> {
        self.happened().written_to.clone()
    }

    /// Something was written that has to be settled once this is committed, such as a rule whose members are to be found.
    pub fn note_unsettled(&self) {
        self.happened().is_unsettled = true;
    }

    /// Whether something has to be settled once this is committed.
    #[must_use]
    pub fn is_unsettled(&self) -> bool {
        self.happened().is_unsettled
    }

    fn happened(&self) -> MutexGuard<'_, Happened> {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

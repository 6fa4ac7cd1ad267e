//! What one running server consists of.

use std::sync::Arc;

use crate::{
    clock::Clock,
    event::{Bell, Feed},
    filter::Shelf,
    money::Currency,
    post::Post,
    schedule::Schedules,
    semantics::Base,
    store::{Columns, Database, Reading},
    valuation::Valuation,
};

/// The parts that every request is answered with.
#[derive(Clone, Debug)]
pub struct App {
    /// The database, migrated.
    pub database: Database,
    /// Where time and keys come from.
    pub clock: Clock,
    /// Where IRIs begin.
    pub base: Arc<Base>,
    /// The currency of the store.
    pub currency: Currency,
    /// How the store tells what customers are worth.
    pub valuation: Valuation,
    /// Rung after events were committed.
    pub bell: Bell,
    /// The log of events, as far as this process has read it.
    pub feed: Feed,
    /// When jobs run by themselves on this process.
    pub schedules: Schedules,
    /// What messages are written and sent with.
    pub post: Post,
    /// The rules of segments, as this process last read them.
    pub rules: Shelf,
    /// Rung after something was committed in this process that has to be settled by `job`.
    pub unsettled: Bell,
}

impl App {
    /// What a request reads with: one instant for all of its figures.
    #[must_use]
    pub fn reading(&self) -> Reading {
        let (currency, margin) = (self.currency, self.valuation.margin);
        Reading { now: self.clock.now(), currency, margin, columns: Columns::ALL, is_open: false }
    }
}

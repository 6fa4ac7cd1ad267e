//! The tables, foreign keys and indexes of the database, made step by step.
//!
//! Each file is one change and is never edited after release; the newest comes last. The same steps make the
//! same tables on `SQLite` and on `PostgreSQL`, and lists read them by the same indexes: what differs, text
//! search and collations, says so where it stands. `entity/` describes the rows and how values are stored in
//! them.
//!
//! Lists are read page by page after the last row seen, so an index for a sort order is on (key, id), read
//! forwards or backwards. Queries for live rows carry `deleted_at is null`, and indexes that serve only them
//! are limited to it.

use sea_orm_migration::{MigrationTrait, MigratorTrait};

mod dialect;
mod m20261122_000001_store;
mod m20261122_000002_customer;
mod m20261122_000003_address;
mod m20261122_000004_order;
mod m20261122_000005_segment;
mod m20261122_000006_loyalty;
mod m20261122_000007_communication;
mod m20261122_000008_event;
mod m20261122_000009_consent;
mod m20261122_000010_idempotency;
mod m20261122_000011_refund_in_store_currency;
mod m20261122_000014_lifetime_value;
mod m20261123_000012_job;
mod m20261123_000013_lifecycle;
mod m20261123_000015_delivery;
mod m20261123_000016_segment_rules;
mod m20261123_000017_time;
mod m20261123_000018_ledger_index;
mod m20261123_000019_statistics;
mod m20261123_000020_prediction_parameters;
mod m20261123_000020_valuation;

/// All steps, the oldest first: `Migrator::up(&database, None)` applies those that are missing.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_store::Migration),
            Box::new(m20261122_000002_customer::Migration),
            Box::new(m20261122_000003_address::Migration),
            Box::new(m20261122_000004_order::Migration),
            Box::new(m20261122_000005_segment::Migration),
            Box::new(m20261122_000006_loyalty::Migration),
            Box::new(m20261122_000007_communication::Migration),
            Box::new(m20261122_000008_event::Migration),
            Box::new(m20261122_000009_consent::Migration),
            Box::new(m20261122_000010_idempotency::Migration),
            Box::new(m20261122_000011_refund_in_store_currency::Migration),
            Box::new(m20261123_000012_job::Migration),
            Box::new(m20261123_000013_lifecycle::Migration),
            Box::new(m20261122_000014_lifetime_value::Migration),
            Box::new(m20261123_000015_delivery::Migration),
            Box::new(m20261123_000016_segment_rules::Migration),
            Box::new(m20261123_000017_time::Migration),
            Box::new(m20261123_000018_ledger_index::Migration),
            Box::new(m20261123_000019_statistics::Migration),
            Box::new(m20261123_000020_valuation::Migration),
            Box::new(m20261123_000020_prediction_parameters::Migration),
        ]
    }
}

//! The database, as the product opens it.

use std::{str::FromStr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::extract::ws::Utf8Bytes;
use sea_orm::sqlx::{
    PgPool, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::broadcast::Sender;
use uuid::Uuid;

use crate::events;

/// Connections to either database.
#[derive(Clone)]
pub enum Pool {
    /// SQLite.
    Sqlite(SqlitePool),
    /// PostgreSQL.
    Postgres(PgPool),
}

/// What the handlers share.
#[derive(Clone)]
pub struct Store {
    /// Connections that read.
    pub reader: Pool,
    /// Connections that write.
    pub writer: Pool,
    /// Where IRIs begin.
    pub base: Arc<str>,
    /// Where new orders are told.
    pub events: Sender<Utf8Bytes>,
}

impl Store {
    /// Connects with the settings and the sizes of pools that the product has.
    pub async fn connect(url: &str, base: &str) -> anyhow::Result<Self> {
        let (reader, writer) = if url.starts_with("sqlite:") {
            (sqlite(url, true, 4).await?, sqlite(url, false, 1).await?)
        } else {
            (postgres(url, 16).await?, postgres(url, 4).await?)
        };
        let events = events::channel();
        if let Pool::Postgres(pool) = &writer {
            tokio::spawn(events::number(pool.clone(), events.subscribe()));
        }
        Ok(Self { reader, writer, base: base.into(), events })
    }

    /// The key in the IRI of a customer.
    pub fn customer_key(&self, iri: &str) -> anyhow::Result<Uuid> {
        let key = iri.strip_prefix(&*self.base).and_then(|path| path.strip_prefix("/customers/"));
        Ok(key.context("not the IRI of a customer")?.parse()?)
    }

    /// The IRI of a node.
    pub fn iri(&self, collection: &str, key: Uuid) -> String {
        format!("{}/{collection}/{key}", self.base)
    }
}

async fn sqlite(url: &str, is_read_only: bool, connections: u32) -> anyhow::Result<Pool> {
    let options = SqliteConnectOptions::from_str(url)?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .row_buffer_size(4_096)
        .pragma("cache_size", "-4000")
        .pragma("mmap_size", "0")
        .pragma("wal_autocheckpoint", "4000")
        .read_only(is_read_only);
    let pool = SqlitePoolOptions::new().max_connections(connections).test_before_acquire(false);
    Ok(Pool::Sqlite(pool.connect_with(options).await?))
}

async fn postgres(url: &str, connections: u32) -> anyhow::Result<Pool> {
    let options = PgConnectOptions::from_str(url)?;
    let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false);
    Ok(Pool::Postgres(pool.connect_with(options).await?))
}

/// Runs the same code on either database; `sql` is a pair of statements, for SQLite and for PostgreSQL.
macro_rules! on {
    ($pool:expr, $sql:expr, |$connection:ident, $statement:ident| $code:expr) => {
        match &$pool {
            crate::store::Pool::Sqlite($connection) => {
                let $statement = $sql.0;
                $code
            }
            crate::store::Pool::Postgres($connection) => {
                let $statement = $sql.1;
                $code
            }
        }
    };
}

/// Declares what a row holds, decoded by position from either database.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        pub struct $name { $(pub $field: $type,)* }

        crate::store::row!(@decode $name, sea_orm::sqlx::sqlite::SqliteRow, $($field),*);
        crate::store::row!(@decode $name, sea_orm::sqlx::postgres::PgRow, $($field),*);
    };
    (@decode $name:ident, $row:ty, $($field:ident),*) => {
        impl<'r> sea_orm::sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> Result<Self, sea_orm::sqlx::Error> {
                let mut index = 0_usize..;
                let mut next = || index.next().unwrap_or_default();
                Ok(Self { $($field: sea_orm::sqlx::Row::try_get(row, next())?,)* })
            }
        }
    };
}

pub(crate) use {on, row};

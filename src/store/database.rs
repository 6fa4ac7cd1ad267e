//! Reaching the database.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, bail};
use backon::{BackoffBuilder, ExponentialBuilder};
use migration::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection,
    sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use sea_orm_migration::{MigratorTrait, SchemaManager};
use tokio::time::sleep;

use super::{Dialect, query};

/// How long to wait for a connection, or on SQLite for the lock of another process.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections for reading: on SQLite each is a thread with a small cache of its own.
const SQLITE_READERS: u32 = 4;

/// What migrations of PostgreSQL are locked by: any number that is always the same.
const MIGRATION_LOCK: i64 = 0x6375_7374;

/// Connections to PostgreSQL that only read.
const POSTGRES_READERS: u32 = 16;

/// Connections to PostgreSQL that write. They are few: a transaction holds one from its beginning to its end.
const POSTGRES_WRITERS: u32 = 4;

/// After how long PostgreSQL gives up a statement that reads: a little after the request that asked for it has
/// been given up. Migrations, imports and rebuilds, which write, may take longer.
const READING_LIMIT: Duration = Duration::from_secs(35);

/// A connection to PostgreSQL that was used so recently is taken to be alive: asking each time is a round trip more
/// for every statement.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How many rows SQLite's thread may be ahead of whoever reads them. Where it has to wait, both threads wake each other for
/// every row.
const ROWS_AHEAD: usize = 4_096;

/// When it is first looked whether transactions that are waited for have ended. Each further wait is twice as long, up to
/// [`LATER_LOOKS`].
const FIRST_LOOK: Duration = Duration::from_millis(5);

/// The longest wait between two looks.
const LATER_LOOKS: Duration = Duration::from_millis(250);

/// Pages of cache for each SQLite connection, negative for kibibytes, by its documentation.
const SQLITE_CACHE: &str = "-4000";

/// After how many pages of the write-ahead log, 4 KiB each, what they hold is written to the database. SQLite's own number is
/// 1,000: whoever writes to indexes in the order of something else writes the same pages to the database many times.
const SQLITE_CHECKPOINT: &str = "4000";

/// How far a database is prepared for this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparation {
    /// There is none, or nothing of ours is in it.
    None,
    /// It has the schema of an older release.
    Older,
    /// It has the schema of this program, or of a newer one.
    Current,
}

/// The database: SQLite with one writer and several readers, or PostgreSQL with a pool for each.
#[derive(Clone, Debug)]
pub struct Database {
    reader: DatabaseConnection,
    uncounted: DatabaseConnection,
    writer: DatabaseConnection,
    statements: Arc<AtomicU64>,
    writing_statements: Arc<AtomicU64>,
}

impl Database {
    /// Connects by URL, `sqlite://customers.db?mode=rwc` or `postgres://user@host/database`.
    ///
    /// # Errors
    /// When the URL is of another kind, names a database in memory, or the database cannot be reached.
    pub async fn connect(url: &str) -> anyhow::Result<Self> {
        let (mut reader, mut writer) = if let Some(file) = url.strip_prefix("sqlite:") {
            if is_in_memory(file) {
                bail!(
                    "SQLite cannot be used in memory, since each connection would have a database of its own; \
                     name a file, such as sqlite://customers.db?mode=rwc"
                );
            }
            // The writer comes first: it creates the file and its write-ahead log.
            let writer = open(sqlite(url, false, 1)).await?;
            (open(sqlite(url, true, SQLITE_READERS)).await?, writer)
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let mut reading = postgres(url, POSTGRES_READERS);
            reading.statement_timeout(READING_LIMIT);
            (open(reading).await?, open(postgres(url, POSTGRES_WRITERS)).await?)
        } else {
            bail!("the database must be a URL that begins with sqlite: or postgres:");
        };
        let uncounted = reader.clone();
        let (statements, writing_statements) = (counter(&mut reader), counter(&mut writer));
        Ok(Self { reader, uncounted, writer, statements, writing_statements })
    }

    /// How far the database at a URL is prepared, which is left as it is.
    ///
    /// # Errors
    /// When the URL is of another kind, or the database cannot be reached.
    pub async fn preparation(url: &str) -> anyhow::Result<Preparation> {
        if url.starts_with("sqlite:") {
            let options: SqliteConnectOptions = url.parse().context("could not understand the URL of the database")?;
            if !options.get_filename().exists() {
                return Ok(Preparation::None);
            }
        }
        let database = Self::connect(url).await?;
        let reader = database.reader();
        let context = "could not read the schema version";
        let has_schema = SchemaManager::new(reader).has_table(Migrator::migration_table_name().to_string()).await;
        if !has_schema.context(context)? {
            return Ok(Preparation::None);
        }
        let applied = Migrator::get_migration_models(reader).await.context(context)?;
        let is_older = applied.len() < Migrator::migrations().len();
        Ok(if is_older { Preparation::Older } else { Preparation::Current })
    }

    /// Brings the schema to the version of this program.
    ///
    /// # Errors
    /// When the database has a newer schema, or a migration fails.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        // Replicas that start together take turns.
        let turn = self.begin().await.context("could not begin to prepare the database")?;
        if self.dialect() == Dialect::Postgres {
            let lock = format!("select pg_advisory_xact_lock({MIGRATION_LOCK})");
            turn.execute_unprepared(&lock).await.context("could not wait for another server's migration")?;
        }
        let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        Migrator::install(&turn).await.context("could not prepare the database for its schema")?;
        let applied = Migrator::get_migration_models(&turn).await.context("could not read the schema version")?;
        if let Some(unknown) = applied.iter().find(|model| !known.contains(&model.version)) {
            bail!("the database is newer than this program: it knows {:?}; run a newer release", unknown.version);
        }
        Migrator::up(&turn, None).await.context("could not bring the database to this program's schema")?;
        turn.commit().await.context("could not keep the database's new schema")
    }

    /// The connections that only read.
    #[must_use]
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The same connections, for what no request asks for: [`Database::statements`] leaves it out.
    #[must_use]
    pub fn uncounted_reader(&self) -> &DatabaseConnection {
        &self.uncounted
    }

    /// The connection that writes. SQLite has one: nobody may hold it and ask for it again.
    #[must_use]
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// A connection for reading what takes longer than a request may. SQLite knows no limit for reads; on PostgreSQL
    /// it is one that writes, which has none either.
    #[must_use]
    pub fn patient_reader(&self) -> &DatabaseConnection {
        match self.dialect() {
            Dialect::Sqlite => &self.reader,
            Dialect::Postgres => &self.writer,
        }
    }

    /// Waits for the end of all transactions that have written or locked something by now, for so long at most. Gives
    /// whether they have ended. SQLite has one writer: whoever has just read what another committed waits for nobody.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn outlast_writers(&self, patience: Duration) -> anyhow::Result<bool> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let context = "could not tell which transactions write";
        let of_writers = "from pg_stat_activity where datname = current_database() and backend_xid is not null";
        let writers = format!("select coalesce(string_agg(cast(backend_xid as text), ','), '') {of_writers}");
        let rows = query(&self.uncounted, &writers, Vec::new()).await.context(context)?;
        let writers: String = rows.first().context(context)?.try_get_by_index(0)?;
        let running = format!("select 1 {of_writers} and cast(backend_xid as text) = any(string_to_array($1, ','))");
        let waits = ExponentialBuilder::new()
            .with_min_delay(FIRST_LOOK)
            .with_max_delay(LATER_LOOKS)
            .without_max_times()
            .with_total_delay(Some(patience));
        let mut waits = waits.build();
        loop {
            if query(&self.uncounted, &running, vec![writers.as_str().into()]).await.context(context)?.is_empty() {
                return Ok(true);
            }
            let Some(wait) = waits.next() else { return Ok(false) };
            sleep(wait).await;
        }
    }

    /// The database's way of writing SQL.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.reader.get_database_backend().into()
    }

    /// How many statements have been run to read, since the start.
    #[must_use]
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// How many statements have been run by the connections that write, since the start: what they read among them, and
    /// neither the beginning of a transaction nor its end.
    #[must_use]
    pub fn writing_statements(&self) -> u64 {
        self.writing_statements.load(Ordering::Relaxed)
    }
}

/// Counts the statements of a connection from now on.
fn counter(connection: &mut DatabaseConnection) -> Arc<AtomicU64> {
    let statements = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&statements);
    connection.set_metric_callback(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    statements
}

async fn open(options: ConnectOptions) -> anyhow::Result<DatabaseConnection> {
    // The URL may hold a password, so it stays out of the message.
    sea_orm::Database::connect(options).await.context("could not reach the database; is it running, and the URL right?")
}

/// Whether the rest of an SQLite URL names no file.
fn is_in_memory(rest: &str) -> bool {
    let (path, options) = rest.split_once('?').unwrap_or((rest, ""));
    let path = path.trim_start_matches("//");
    path.is_empty() || path == ":memory:" || options.split('&').any(|option| option == "mode=memory")
}

fn postgres(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false)
        .test_before_acquire_if_idle_for(TRUSTED_FOR);
    options
}

fn sqlite(url: &str, is_read_only: bool, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false)
        .test_before_acquire(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                // An acknowledged write survives a power cut.
                .synchronous(SqliteSynchronous::Full)
                .busy_timeout(PATIENCE)
                .foreign_keys(true)
                .row_buffer_size(ROWS_AHEAD)
                .pragma("cache_size", SQLITE_CACHE)
                .pragma("mmap_size", "0")
                .pragma("wal_autocheckpoint", SQLITE_CHECKPOINT)
                .read_only(is_read_only)
                .create_if_missing(!is_read_only)
        });
    options
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, Statement, TransactionTrait};

    use super::*;
    use crate::{given, store::execute};

    async fn check_start_of_two(url: &str) -> anyhow::Result<()> {
        let (first, second) = (Database::connect(url).await?, Database::connect(url).await?);

        let (one, two) = tokio::join!(first.migrate(), second.migrate());

        one.and(two)
    }

    #[tokio::test]
    async fn processes_that_start_together_take_turns_to_migrate() -> anyhow::Result<()> {
        for _ in 0..5 {
            check_start_of_two(&given::sqlite(&tempfile::tempdir()?)).await?;
        }
        if let Some(url) = given::postgres().await? {
            check_start_of_two(&url).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn only_what_reads_has_a_limit_of_time() -> anyhow::Result<()> {
        if let Some(url) = given::postgres().await? {
            let database = Database::connect(&url).await?;
            let limit = async |connection: &DatabaseConnection| {
                let shown = Statement::from_string(DbBackend::Postgres, "show statement_timeout");
                let row = connection.query_one_raw(shown).await?.context("no row")?;
                anyhow::Ok(row.try_get_by_index::<String>(0)?)
            };

            assert_eq!(limit(database.reader()).await?, "35s");
            assert_eq!(limit(database.writer()).await?, "0");
        }
        Ok(())
    }

    #[tokio::test]
    async fn whoever_writes_is_waited_for_and_nobody_else() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let database = &app.database;
            let (reading, writing) = (database.reader().begin().await?, database.begin().await?);
            query(&reading, "select 1 from store", Vec::new()).await?;
            assert!(database.outlast_writers(Duration::ZERO).await?, "nobody has written");

            execute(&writing, "update store set marketing_cap = 4", Vec::new()).await?;
            let is_alone = database.dialect() == Dialect::Sqlite;
            assert_eq!(database.outlast_writers(Duration::ZERO).await?, is_alone);
            let (ended, committed) = tokio::join!(database.outlast_writers(Duration::from_mins(1)), writing.commit());

            committed?;
            assert!(ended?);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_database_in_memory_is_refused() {
        for url in
            ["sqlite::memory:", "sqlite://:memory:", "sqlite:", "sqlite://", "sqlite://a.db?mode=memory&cache=shared"]
        {
            let refused = Database::connect(url).await.expect_err("no file is named");
            assert!(refused.to_string().starts_with("SQLite cannot be used in memory"), "{url}: {refused}");
        }
    }
}

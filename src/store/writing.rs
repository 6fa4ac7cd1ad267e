//! Writing many rows at once: one transaction, few statements.

use std::pin::pin;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel,
    Iterable, ModelTrait, QueryResult, SqliteTransactionMode, Statement, StreamTrait, TransactionOptions,
    TransactionTrait, sea_query::Value,
};
use serde::Serialize;
use tokio::{sync::Semaphore, task::coop::consume_budget};

use super::{Database, Dialect, Values};

/// How many parameters a statement may have, by the limits of SQLite (`SQLITE_MAX_VARIABLE_NUMBER`) and of
/// PostgreSQL's protocol.
const fn most_parameters(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Sqlite => 32_766,
        Dialect::Postgres => 65_535,
    }
}

/// How many rows go into one statement at most. More are hardly faster, and each connection keeps its
/// statements prepared.
const MOST_ROWS: usize = 250;

/// Pages of cache for SQLite's writer while it fills a store, negative for kibibytes. Keys are drawn at
/// random times, so that rows go all over the tables and indexes: with a small cache each page is written and
/// read again many times.
const BULK_CACHE: &str = "pragma cache_size = -65536";

/// Counts tables where that may make for better plans (0x2), by some two thousand rows of each index (0x10), whichever
/// tables this connection has read (0x10000): <https://www.sqlite.org/pragma.html#pragma_optimize>.
const SAMPLE: &str = "pragma optimize = 0x10012";

impl Database {
    /// Prepares the writer for very many rows, until the process ends. For commands; a server that answers
    /// requests keeps its memory for them.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expect_many_rows(&self) -> anyhow::Result<()> {
        if self.dialect() == Dialect::Sqlite {
            let prepared = self.writer().execute_unprepared(BULK_CACHE).await;
            prepared.context("could not prepare the database for many rows")?;
        }
        Ok(())
    }

    /// Lets the database count what its tables hold after very many rows were written, so that it finds the best way
    /// to read them. Without, SQLite takes an order's index for a condition that few rows fulfil, and reads all of it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn take_stock(&self) -> anyhow::Result<()> {
        self.writer().execute_unprepared("analyze").await.context("could not count what the tables hold")?;
        Ok(())
    }

    /// Counts again what tables hold that have become ten times as large or as small since they were counted, or never
    /// were: by a sample of their rows, so that whoever writes waits for a moment only. For a store that grows by
    /// requests; PostgreSQL does so by itself. Connections of SQLite that are open know of it when they are renewed,
    /// within half an hour.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn retake_stock(&self) -> anyhow::Result<()> {
        if self.dialect() == Dialect::Sqlite {
            self.writer().execute_unprepared(SAMPLE).await.context("could not count what the tables hold")?;
        }
        Ok(())
    }

    /// Begins a transaction that writes. On SQLite it has the write lock from its first moment, so that what
    /// it reads stays true until it commits. Dropped without a commit, it leaves no trace.
    ///
    /// # Errors
    /// When the database does not answer, or another process holds the lock for too long.
    pub async fn begin(&self) -> anyhow::Result<DatabaseTransaction> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer().begin_with_options(options).await.context("could not begin to write to the database")
    }
}

/// Inserts all of `rows`.
///
/// # Errors
/// When the database refuses one of them.
pub async fn insert_all<M>(tx: &impl ConnectionTrait, rows: Vec<M>) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<<M::Entity as EntityTrait>::ActiveModel>,
{
    let columns = <M::Entity as EntityTrait>::Column::iter().count();
    let most_rows = MOST_ROWS.min(most_parameters(tx.get_database_backend().into()) / columns);
    let mut rows = rows.into_iter().map(IntoActiveModel::into_active_model).peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(most_rows).collect();
        M::Entity::insert_many(chunk).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Writes the columns in which a row is to be different from what it is, if there are any.
///
/// # Errors
/// When the database refuses the row.
pub async fn update<M, A>(tx: &impl ConnectionTrait, before: &M, after: &M) -> Result<(), DbErr>
where
    M: ModelTrait + IntoActiveModel<A>,
    A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
{
    let mut row = before.clone().into_active_model();
    let mut differs = false;
    for column in <M::Entity as EntityTrait>::Column::iter() {
        let value = after.get(column);
        if value != before.get(column) {
            row.try_set(column, value)?;
            differs = true;
        }
    }
    if differs {
        row.update_without_returning(tx).await?;
    }
    Ok(())
}

/// Runs a statement whose parameters are written `$1`, `$2`, …, as both databases understand them, and
/// counts the rows that it changed.
///
/// # Errors
/// When the database refuses the statement.
pub async fn execute(tx: &impl ConnectionTrait, sql: &str, parameters: Vec<Value>) -> Result<u64, DbErr> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, parameters);
    Ok(tx.execute_raw(statement).await?.rows_affected())
}

/// Runs a statement whose parameters are written `$1`, `$2`, …, and gives its rows.
///
/// # Errors
/// When the database refuses the statement.
pub async fn query(tx: &impl ConnectionTrait, sql: &str, parameters: Vec<Value>) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, parameters);
    tx.query_all_raw(statement).await
}

/// How many reads of whole tables go on at once: each has a connection, and the others are for whoever is served.
static LONG_READS: Semaphore = Semaphore::const_new(2);

/// Runs a statement that may have as many rows as a table, and gives what each of them holds: who else is served by the
/// thread has a turn between them, and none is kept. Two at most go on at once in a process; others wait.
///
/// # Errors
/// When the database refuses the statement, or `read` a row.
pub async fn read_each<T>(
    db: &impl StreamTrait,
    statement: Statement,
    mut read: impl FnMut(&QueryResult) -> Result<T, DbErr>,
) -> Result<Vec<T>, DbErr> {
    // It is never closed, so that there is a permit to be had.
    let _turn = LONG_READS.acquire().await.ok();
    let mut rows = pin!(db.stream_raw(statement).await?);
    let mut things = Vec::new();
    while let Some(row) = rows.try_next().await? {
        things.push(read(&row)?);
        // Rows come faster than they are asked for.
        consume_budget().await;
    }
    Ok(things)
}

impl Dialect {
    /// The condition in SQL text that `column` is among the keys bound as parameter `number`, which is made by
    /// [`Dialect::parameter`].
    #[must_use]
    pub fn is_among(self, column: &str, number: usize) -> String {
        match self {
            Self::Postgres => format!("{column} = any(${number})"),
            Self::Sqlite => format!("{column} in (select unhex(value) from json_each(${number}))"),
        }
    }

    /// Keys as the one parameter that [`Dialect::is_among`] reads.
    #[must_use]
    pub fn parameter(self, keys: &[uuid::Uuid]) -> Value {
        let keys = Values::Keys(keys.to_vec());
        match self {
            Self::Postgres => keys.array(),
            Self::Sqlite => keys.document().into(),
        }
    }

    /// A derived table in SQL text with a row for each object in the JSON array that is bound as parameter `number`,
    /// which is made by [`Dialect::records`]. The text is the same however many rows there are, so that the
    /// statement is prepared once.
    #[must_use]
    pub fn table_of_records(self, number: usize, columns: &[(&str, Kind)]) -> String {
        match self {
            Self::Postgres => {
                let columns = columns.iter().map(|(name, kind)| format!("{name} {}", kind.name()));
                let columns = columns.collect::<Vec<_>>().join(", ");
                format!("(select * from jsonb_to_recordset(cast(${number} as jsonb)) as record ({columns}))")
            }
            Self::Sqlite => {
                let columns = columns.iter().map(|(name, kind)| match kind {
                    Kind::Key => format!("unhex(value ->> '{name}') as {name}"),
                    Kind::Document => format!("nullif(value -> '{name}', 'null') as {name}"),
                    Kind::Text | Kind::Integer | Kind::Number => format!("value ->> '{name}' as {name}"),
                });
                let columns = columns.collect::<Vec<_>>().join(", ");
                // Its objects are binary, so that none is parsed again for each of its members.
                format!("(select {columns} from jsonb_each(${number}))")
            }
        }
    }

    /// JSON objects as the one parameter that [`Dialect::table_of_records`] reads. Keys are written in hexadecimal, as
    /// [`uuid::Uuid::simple`] does.
    ///
    /// # Errors
    /// When an object cannot be written as JSON.
    pub fn records(rows: impl Iterator<Item = impl Serialize>) -> anyhow::Result<Value> {
        let text = serde_json::to_string(&rows.collect::<Vec<_>>());
        Ok(text.context("could not write records as JSON")?.into())
    }

    /// An expression in SQL text that makes a new key for each row: a version 7 UUID of the instant `at`
    /// (RFC 9562, section 5.7).
    #[must_use]
    pub fn new_key(self, at: DateTime<Utc>) -> String {
        let time = format!("{:012x}", at.timestamp_millis());
        match self {
            Self::Postgres => {
                let (high, low) = time.split_at(8);
                format!("cast('{high}-{low}-7' || substr(cast(gen_random_uuid() as text), 16) as uuid)")
            }
            Self::Sqlite => format!(
                "unhex('{time}7' || format('%03x%04x', random() & 4095, 32768 | (random() & 16383)) \
                 || hex(randomblob(6)))"
            ),
        }
    }
}

/// What a column of [`Dialect::table_of_records`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A key.
    Key,
    /// Text.
    Text,
    /// A whole number, instants and money included.
    Integer,
    /// A number with a fraction.
    Number,
    /// JSON.
    Document,
}

impl Kind {
    /// The type in PostgreSQL.
    fn name(self) -> &'static str {
        match self {
            Self::Key => "uuid",
            Self::Text => "text",
            Self::Integer => "bigint",
            Self::Number => "double precision",
            Self::Document => "jsonb",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::given;

    #[tokio::test]
    async fn what_is_null_in_a_record_is_missing() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let record = json!({ "id": null, "name": null, "tags": null });
            let columns = [("id", Kind::Key), ("name", Kind::Text), ("tags", Kind::Document), ("count", Kind::Integer)];
            let table = app.database.dialect().table_of_records(1, &columns);
            let sql = format!(
                "select count(*), count(id), count(name), count(tags), count(record.count) from {table} record"
            );
            let rows = query(app.database.writer(), &sql, vec![Dialect::records([record].iter())?]).await?;
            let counts: (i64, i64, i64, i64, i64) = rows.first().context("a row")?.try_get_many_by_index()?;

            assert_eq!(counts, (1, 0, 0, 0, 0));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn sqlite_plans_a_statement_once() -> anyhow::Result<()> {
        given::each_store(async |app| {
            if app.database.dialect() == Dialect::Sqlite {
                let sql = "select 1 from pragma_compile_options where compile_options = 'ENABLE_QPSG'";
                assert_eq!(query(app.database.writer(), sql, Vec::new()).await?.len(), 1, "see .cargo/config.toml");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_table_is_counted_again_when_it_has_become_ten_times_as_large() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let grow = async |count| {
                let tx = app.database.begin().await?;
                for number in 0..count {
                    given::customer(&tx, &format!("Customer {number}")).await?;
                }
                tx.commit().await?;
                app.database.retake_stock().await?;
                if app.database.dialect() == Dialect::Postgres {
                    return anyhow::Ok(None);
                }
                let sql = "select max(cast(stat as integer)) from sqlite_stat1 where tbl = 'customer'";
                let rows = query(app.database.writer(), sql, Vec::new()).await?;
                Ok(rows.first().context("a row")?.try_get_by_index::<Option<i64>>(0)?)
            };
            let of_sqlite = |count| Some(count).filter(|_| app.database.dialect() == Dialect::Sqlite);

            assert_eq!(grow(20).await?, of_sqlite(20));
            assert_eq!(grow(20).await?, of_sqlite(20));
            assert_eq!(grow(200).await?, of_sqlite(240));
            Ok(())
        })
        .await
    }
}

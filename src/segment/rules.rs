//! The rules of all dynamic segments, read for whoever decides by them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use anyhow::Context;
use entity::{segment, store};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Json,
    sea_query::{Expr, PostgresQueryBuilder, Query, SqliteQueryBuilder},
};
use uuid::Uuid;

use super::named::Named;
use crate::{
    customer::CustomerWhere,
    failure::{Failure, Outcome},
    filter::{Asked, Book, Condition, Entry, Reads, Rule, Scope, Unreadable, own_conditions},
    graphql::comparison::Where,
    store::{Dialect, Reading, Values, execute},
    transaction::Transaction,
};

/// The rules that hold in a transaction, as they are now.
///
/// They are parsed when their edition is another one than this process last read.
///
/// # Errors
/// When the database fails.
pub async fn of(tx: &Transaction) -> anyhow::Result<Arc<Book>> {
    let edition: Option<Option<Uuid>> = store::Entity::find()
        .select_only()
        .column(store::Column::RulesEdition)
        .into_tuple()
        .one(&*tx.db)
        .await
        .context("could not read the edition of the rules")?;
    let edition = edition.flatten().unwrap_or_default();
    if let Some(book) = tx.rules.take(edition) {
        return Ok(book);
    }
    // Read after the edition: rules may be newer than it, which the next transaction finds out, and never older.
    let book = Arc::new(read(&*tx.db, &tx.reading()).await?);
    tx.rules.put(edition, Arc::clone(&book));
    Ok(book)
}

/// The rules, from the database. One that cannot be read is logged and left out.
///
/// # Errors
/// When the database fails.
pub async fn read(db: &impl ConnectionTrait, reading: &Reading) -> anyhow::Result<Book> {
    let segments = segment::Entity::find().filter(segment::Column::DeletedAt.is_null());
    let segments = segments.order_by_asc(segment::Column::Id).all(db).await;
    let segments = segments.context("could not read the segments")?;
    let dialect = Dialect::from(db.get_database_backend());
    let titles: HashMap<_, _> = segments.iter().map(|segment| (segment.id, segment.handle.clone())).collect();
    let (mut entries, mut unreadable) = (Vec::new(), Vec::new());
    for segment in segments.into_iter().filter(|segment| segment.rule.is_some()) {
        let rule = Unreadable { key: segment.id, name: segment.handle.clone(), version: segment.version };
        match entry(reading, dialect, segment) {
            Ok(entry) => entries.push(entry),
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(segment = rule.name, error, "the rule of a segment cannot be read, and is left out");
                unreadable.push(rule);
            }
        }
    }
    Ok(Book::new(entries, titles).without(unreadable))
}

/// The rules of those of `segments` that have one.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn some(db: &impl ConnectionTrait, segments: &[Uuid]) -> anyhow::Result<HashMap<Uuid, Rule>> {
    let dialect = Dialect::from(db.get_database_backend());
    let rows: Vec<(Uuid, Json)> = segment::Entity::find()
        .select_only()
        .columns([segment::Column::Id, segment::Column::Rule])
        .filter(dialect.among(segment::Column::Id.into_expr(), &Values::Keys(segments.to_vec())))
        .filter(segment::Column::Rule.is_not_null())
        .into_tuple()
        .all(db)
        .await
        .context("could not read the rules of segments")?;
    let rule = |(key, rule)| Ok((key, serde_json::from_value(rule).context("the rule of a segment cannot be read")?));
    rows.into_iter().map(rule).collect()
}

/// The handles of the segments that conditions name.
///
/// # Errors
/// When the database fails.
pub async fn titles(db: &impl ConnectionTrait, conditions: &[Condition<'_>]) -> anyhow::Result<HashMap<Uuid, String>> {
    let Some(whole) = conditions.first() else { return Ok(HashMap::new()) };
    let named = Named::of(CustomerWhere::SUBJECT, whole.rule)?.keys;
    if named.is_empty() {
        return Ok(HashMap::new());
    }
    let dialect = Dialect::from(db.get_database_backend());
    let rows: Vec<(Uuid, String)> = segment::Entity::find()
        .select_only()
        .columns([segment::Column::Id, segment::Column::Handle])
        .filter(dialect.among(segment::Column::Id.into_expr(), &Values::Keys(named.into_iter().collect())))
        .into_tuple()
        .all(db)
        .await
        .context("could not read the handles of segments")?;
    Ok(rows.into_iter().collect())
}

fn entry(reading: &Reading, dialect: Dialect, segment: segment::Model) -> anyhow::Result<Entry> {
    let rule: Rule = serde_json::from_value(segment.rule.unwrap_or_default())?;
    let reads = |rule| {
        let (words, values) = words(dialect, &condition(reading, dialect, rule)?);
        anyhow::Ok((Reads { words, names: Named::of(CustomerWhere::SUBJECT, rule)?.keys }, values))
    };
    let parts = own_conditions(CustomerWhere::SUBJECT, &rule).into_iter().map(|part| Ok(reads(part.rule)?.0));
    let parts = parts.collect::<anyhow::Result<_>>()?;
    let (reads, values) = reads(&rule)?;
    Ok(Entry {
        key: segment.id,
        name: segment.handle,
        is_built_in: segment.is_built_in,
        version: segment.version,
        values,
        reads,
        parts,
        rule,
    })
}

/// Gives the rules another edition: what processes hold of them is read again. Whoever else does so waits for the end of
/// this transaction, so that two changes see each other.
///
/// # Errors
/// When the database fails.
pub async fn renew(db: &impl ConnectionTrait, edition: Uuid) -> anyhow::Result<()> {
    execute(db, "update store set rules_edition = $1", vec![edition.into()])
        .await
        .context("could not give the rules of segments another edition")?;
    Ok(())
}

/// The condition on a customer's row that a rule stands for.
///
/// # Errors
/// When the rule cannot be read.
pub fn condition(reading: &Reading, dialect: Dialect, rule: &Rule) -> anyhow::Result<Expr> {
    ours(scope(reading, dialect).condition(CustomerWhere::SUBJECT, rule))
}

/// As [`condition`], for statements about all customers.
///
/// # Errors
/// When the rule cannot be read.
pub fn condition_for_all(reading: &Reading, dialect: Dialect, rule: &Rule) -> anyhow::Result<Expr> {
    let scope = Scope { asked: Asked::All, ..scope(reading, dialect) };
    ours(scope.condition(CustomerWhere::SUBJECT, rule))
}

/// What stored rules mean: they were looked at when they were written.
#[must_use]
pub fn scope(reading: &Reading, dialect: Dialect) -> Scope {
    Scope { reading: *reading, dialect, reads_personal: true, asked: Asked::Some, states_bounds: false }
}

/// What is wrong with a stored rule is our own fault.
///
/// # Errors
/// When something is.
pub fn ours<T>(outcome: Outcome<T>) -> anyhow::Result<T> {
    outcome.map_err(|failure| match failure {
        Failure::Malformed(message) | Failure::Forbidden(message) => anyhow::anyhow!(message),
        Failure::Internal(error) => anyhow::anyhow!("{error:#}"),
    })
}

/// The tables and columns that a condition reads, with the other words of its SQL, and the number of its values.
fn words(dialect: Dialect, condition: &Expr) -> (BTreeSet<String>, usize) {
    // The values are apart: text that a client compares with is no column.
    let statement = Query::select().expr(condition.clone()).take();
    let (sql, values) = match dialect {
        Dialect::Sqlite => statement.build(SqliteQueryBuilder),
        Dialect::Postgres => statement.build(PostgresQueryBuilder),
    };
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = sql.split(|letter| !is_of_name(letter)).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    (words, values.0.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{filter::Subject, store::Columns, valuation::Margin};

    #[test]
    fn what_a_rule_reads_leaves_the_present_open_so_that_it_is_made_and_planned_once() -> anyhow::Result<()> {
        let at = |now: &str| {
            let currency = "USD".parse().map_err(anyhow::Error::msg)?;
            anyhow::Ok(Reading {
                now: now.parse()?,
                currency,
                margin: Margin::WHOLE,
                columns: Columns::ALL,
                is_open: true,
            })
        };
        let (today, tomorrow) = (at("2026-03-31T12:00:00Z")?, at("2026-04-01T12:00:00Z")?);
        let customer = CustomerWhere::SUBJECT;
        // One edge away: none of those further away says anything else of the present.
        let related = customer.edges.iter().map(|edge| (edge.subject)());

        for field in std::iter::once(customer).chain(related).flat_map(|subject: &Subject| subject.fields) {
            let asked = |reading| Query::select().expr((field.expression)(reading)).take().build(SqliteQueryBuilder);
            assert_eq!(asked(&today), asked(&tomorrow), "{}", field.name);
        }
        Ok(())
    }
}

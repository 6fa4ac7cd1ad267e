//! Lists in pages, by keyset: a page starts after a position, never at an offset, so that it costs the same at any
//! depth.

use std::collections::{HashMap, HashSet};

use sea_orm::{
    ConnectionTrait, DbErr, IdenStatic, QueryResult, Statement,
    sea_query::{DynIden, Expr, ExprTrait, JoinType, Order, SelectStatement, TableRef, Value},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Database, Dialect, Reading, Record, Siblings, Values, record};
use crate::failure::Outcome;

/// What a list is sorted by; the key breaks ties in the same direction.
#[derive(Clone, Debug)]
pub struct Sort {
    /// The name clients give it; cursors carry it.
    pub name: String,
    /// Never null, and indexed together with the key.
    pub expression: Expr,
    /// What the expression yields.
    pub kind: SortKind,
    /// Greatest first.
    pub is_descending: bool,
    /// Whether the expression is personal data.
    pub is_personal: bool,
}

impl Sort {
    /// What a row is sorted by, as it is read. `PostgreSQL` also has narrower integers, which it sorts as they are.
    fn value(&self) -> Expr {
        match self.kind {
            SortKind::Integer => self.expression.clone().cast_as("bigint"),
            SortKind::Text => self.expression.clone(),
        }
    }
}

/// The type of a sort expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortKind {
    /// Integers, instants and money included.
    Integer,
    /// Text, compared byte by byte.
    Text,
}

/// The value that a row is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SortValue {
    /// Of [`SortKind::Integer`].
    Integer(i64),
    /// Of [`SortKind::Text`].
    Text(String),
}

/// A place in a sorted list: a row, whether or not it still exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// What the row is sorted by.
    pub value: SortValue,
    /// The row's key.
    pub key: Uuid,
}

/// Which part of a sorted list is wanted.
#[derive(Clone, Debug)]
pub struct Window {
    /// At most so many rows.
    pub limit: u64,
    /// Only rows after this one.
    pub after: Option<Position>,
    /// Only rows before this one.
    pub before: Option<Position>,
    /// The last rows instead of the first.
    pub is_backward: bool,
}

/// A node in a list.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// The node.
    pub node: T,
    /// Where it stands in the list.
    pub position: Position,
}

/// A page of a list, in the list's order.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<Row<T>>,
    /// Whether the list goes on in the direction of reading.
    pub has_more: bool,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_more: false }
    }
}

/// How the rows of a table hang on the rows of another. The functions name columns and tables.
#[derive(Clone, Copy, Debug)]
pub enum Join {
    /// This column of the child holds the parent's key.
    Column(fn() -> DynIden),
    /// This column of the parent holds the child's key.
    To(fn() -> DynIden),
    /// A table between holds both keys.
    Through {
        /// The table between.
        table: fn() -> DynIden,
        /// Its column for the parent's key.
        from: fn() -> DynIden,
        /// Its column for the child's key.
        to: fn() -> DynIden,
    },
}

/// Reads a page of the rows of `T` for which `condition` holds.
///
/// # Errors
/// When the database fails.
pub async fn page<T: Record>(
    database: &Database,
    reading: &Reading,
    condition: Option<Expr>,
    sort: &Sort,
    window: &Window,
) -> Outcome<Page<T>> {
    let mut statement = record::select::<T>(reading);
    statement.expr(sort.value()).and_where_option(condition);
    limit::<T>(database.dialect(), &mut statement, sort, window);
    let rows = database.reader().query_all_raw(with_limit_written(database, &statement)).await?;

    let siblings = Siblings::default();
    let index = record::columns::<T>(reading).count();
    let decode = |row| decode(row, reading, &siblings, (index, sort.kind));
    let nodes = rows.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
    siblings.introduce(nodes.iter().map(|row: &Row<T>| &row.node));
    Ok(arrange(nodes, window))
}

/// Reads, for each of the `parents`, a page of the rows of `T` that hang on it, all in one statement.
///
/// PostgreSQL runs a lateral subquery per parent, SQLite a correlated one: both stop at the limit, by the index.
///
/// # Errors
/// When the database fails.
pub async fn page_by_parent<T: Record>(
    database: &Database,
    reading: &Reading,
    parents: Vec<Uuid>,
    join: Join,
    condition: Option<Expr>,
    sort: &Sort,
    window: &Window,
) -> Outcome<HashMap<Uuid, Page<T>>> {
    let dialect = database.dialect();
    let parents = Values::Keys(parents);
    let mut inner = match dialect {
        Dialect::Postgres => {
            let mut inner = record::select::<T>(reading);
            inner.expr_as(sort.value(), "sort_value");
            inner
        }
        Dialect::Sqlite => {
            let mut inner = record::live::<T>();
            inner.expr(record::key::<T>());
            inner
        }
    };
    attach::<T>(&mut inner, join);
    inner.and_where(hang::<T>(join, dialect)).and_where_option(condition);
    limit::<T>(dialect, &mut inner, sort, window);

    let columns = record::columns::<T>(reading).map(|column| DynIden::from(IdenStatic::as_str(column)));
    let statement = by_parent::<T>((dialect, &parents), columns, inner, sort);
    let rows = database.reader().query_all(&statement).await?;

    let siblings = Siblings::default();
    let index = record::columns::<T>(reading).count();
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let node = decode::<T>(row, reading, &siblings, (index, sort.kind))?;
        found.push((row.try_get_by_index::<Uuid>(index + 1)?, node));
    }
    siblings.introduce(found.iter().map(|(_, row)| &row.node));

    let mut pages: HashMap<Uuid, Vec<Row<T>>> = HashMap::new();
    for (parent, row) in found {
        pages.entry(parent).or_default().push(row);
    }
    // Here, where each list is short, and not all of them together by the database.
    let is_descending = sort.is_descending != window.is_backward;
    let sorted = |mut rows: Vec<Row<T>>| {
        rows.sort_unstable_by(|one, other| {
            let order = one.position.cmp(&other.position);
            if is_descending { order.reverse() } else { order }
        });
        rows
    };
    Ok(pages.into_iter().map(|(parent, rows)| (parent, arrange(sorted(rows), window))).collect())
}

/// Counts the rows of `T` for which `condition` holds.
///
/// # Errors
/// When the database fails.
pub async fn count<T: Record>(database: &Database, condition: Option<Expr>) -> Outcome<i64> {
    let mut statement = record::live::<T>();
    statement.expr(record::key::<T>().count()).and_where_option(condition);
    let row = database.reader().query_one(&statement).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// Counts, for each of the `parents`, the rows of `T` that hang on it; a parent with none is left out.
///
/// # Errors
/// When the database fails.
pub async fn count_by_parent<T: Record>(
    database: &Database,
    parents: Vec<Uuid>,
    join: Join,
    condition: Option<Expr>,
) -> Outcome<HashMap<Uuid, i64>> {
    let parent = match join {
        Join::Column(column) => Expr::col((record::table::<T>(), column())),
        Join::To(_) => record::key::<T>(),
        Join::Through { table, from, .. } => Expr::col((table(), from())),
    };
    let mut statement = record::live::<T>();
    attach::<T>(&mut statement, join);
    statement
        .expr(parent.clone())
        .expr(record::key::<T>().count())
        .and_where(database.dialect().among(parent.clone(), &Values::Keys(parents)))
        .and_where_option(condition)
        .add_group_by([parent]);
    let rows = database.reader().query_all(&statement).await?;
    let counts = rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?)));
    Ok(counts.collect::<Result<_, DbErr>>()?)
}

/// Reads the rows of `T` with these keys, in one statement. Keys without a row are left out.
///
/// # Errors
/// When the database fails.
pub async fn rows_by_key<T: Record>(
    database: &Database,
    reading: &Reading,
    keys: Vec<Uuid>,
) -> Outcome<HashMap<Uuid, T>> {
    let mut statement = record::select::<T>(reading);
    statement.and_where(database.dialect().among(record::key::<T>(), &Values::Keys(keys)));
    let rows = database.reader().query_all(&statement).await?;
    let siblings = Siblings::default();
    let nodes = rows.iter().map(|row| T::decode(row, reading, &siblings)).collect::<Result<Vec<_>, _>>()?;
    siblings.introduce(nodes.iter());
    Ok(nodes.into_iter().map(|node| (node.key(), node)).collect())
}

/// Those of the keys whose rows fulfil `condition`, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn keys_where<T: Record>(database: &Database, keys: Vec<Uuid>, condition: Expr) -> Outcome<HashSet<Uuid>> {
    let mut statement = record::live::<T>();
    statement
        .expr(record::key::<T>())
        .and_where(database.dialect().among(record::key::<T>(), &Values::Keys(keys)))
        .and_where(condition);
    let rows = database.reader().query_all(&statement).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}

/// Reads the row of `T` with this key.
///
/// # Errors
/// When the database fails.
pub async fn row_by_key<T: Record>(database: &Database, reading: &Reading, key: Uuid) -> Outcome<Option<T>> {
    row(database, reading, record::key::<T>().eq(key)).await
}

/// Reads the row of `T` for which `condition` holds, which must be unique.
///
/// # Errors
/// When the database fails.
pub async fn row<T: Record>(database: &Database, reading: &Reading, condition: Expr) -> Outcome<Option<T>> {
    let mut statement = record::select::<T>(reading);
    statement.and_where(condition);
    let row = database.reader().query_one(&statement).await?;
    let siblings = Siblings::default();
    let node = row.map(|row| T::decode(&row, reading, &siblings)).transpose()?;
    siblings.introduce(node.iter());
    Ok(node)
}

/// Adds the table between, where there is one.
fn attach<T: Record>(statement: &mut SelectStatement, join: Join) {
    if let Join::Through { table, to, .. } = join {
        statement.join(JoinType::InnerJoin, table(), Expr::col((table(), to())).equals((record::table::<T>(), "id")));
    }
}

/// The condition that a child hangs on the parent of the enclosing statement.
fn hang<T: Record>(join: Join, dialect: Dialect) -> Expr {
    let parent = dialect.key_element();
    match join {
        Join::Column(column) => Expr::col((record::table::<T>(), column())).eq(parent),
        Join::To(_) => record::key::<T>().eq(parent),
        Join::Through { table, from, .. } => Expr::col((table(), from())).eq(parent),
    }
}

/// Runs `inner` for each parent.
fn by_parent<T: Record>(
    (dialect, parents): (Dialect, &Values),
    columns: impl Iterator<Item = DynIden>,
    inner: SelectStatement,
    sort: &Sort,
) -> SelectStatement {
    let (source, value) = match dialect {
        Dialect::Postgres => (DynIden::from("page"), Expr::col(("page", "sort_value"))),
        Dialect::Sqlite => (record::table::<T>(), sort.expression.clone()),
    };
    let mut statement = SelectStatement::new();
    for column in columns {
        statement.column((source.clone(), column));
    }
    statement.expr(value).expr(dialect.key_element());
    statement.from_function(dialect.elements(parents), "element");
    match dialect {
        Dialect::Postgres => {
            statement.join_lateral(JoinType::InnerJoin, inner, "page", Expr::cust("true"));
        }
        Dialect::Sqlite => {
            statement.join(JoinType::InnerJoin, TableRef::from(source), record::key::<T>().in_subquery(inner));
        }
    }
    statement
}

/// Cuts the statement to the window, and to one row more, which tells whether the list goes on.
fn limit<T: Record>(dialect: Dialect, statement: &mut SelectStatement, sort: &Sort, window: &Window) {
    let place = || Expr::tuple([sort.expression.clone(), record::key::<T>()]);
    // Plans are made by the first part alone.
    let at =
        |position: &Position| Expr::tuple([dialect.unpeeked(position.value.clone().into()), Expr::val(position.key)]);
    for (position, is_after) in [(&window.after, true), (&window.before, false)] {
        let Some(position) = position else { continue };
        // A row value, not `a > x or (a = x and id > y)`: only this form is one range of the index.
        statement.and_where(if is_after == sort.is_descending {
            place().lt(at(position))
        } else {
            place().gt(at(position))
        });
    }
    let order = direction(sort, window);
    statement
        .order_by_expr(sort.expression.clone(), order.clone())
        .order_by_expr(record::key::<T>(), order)
        .limit(window.limit + 1);
}

/// The statement with its limit as a number and no parameter. `PostgreSQL` takes a limit that it does not know for a
/// tenth of all rows, and would rather plan each page anew than keep a plan for that.
fn with_limit_written(database: &Database, statement: &SelectStatement) -> Statement {
    let mut statement = database.reader().get_database_backend().build(statement);
    if let Some(values) = statement.values.as_mut().map(|values| &mut values.0)
        && let Some(Value::BigUnsigned(Some(limit))) = values.last()
        && let Some(rest) = statement.sql.strip_suffix(&format!("${}", values.len()))
    {
        statement.sql = format!("{rest}{limit}");
        values.pop();
    }
    statement
}

fn direction(sort: &Sort, window: &Window) -> Order {
    if sort.is_descending == window.is_backward { Order::Asc } else { Order::Desc }
}

/// Reads a node, and what it is sorted by from the column at `index`.
fn decode<T: Record>(
    row: &QueryResult,
    reading: &Reading,
    siblings: &Siblings,
    (index, kind): (usize, SortKind),
) -> Result<Row<T>, DbErr> {
    let node = T::decode(row, reading, siblings)?;
    let value = match kind {
        SortKind::Integer => SortValue::Integer(row.try_get_by_index(index)?),
        SortKind::Text => SortValue::Text(row.try_get_by_index(index)?),
    };
    let position = Position { value, key: node.key() };
    Ok(Row { node, position })
}

/// Takes off the row that only told whether there is more, and puts the list in its own order.
fn arrange<T>(mut rows: Vec<Row<T>>, window: &Window) -> Page<T> {
    let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    if window.is_backward {
        rows.reverse();
    }
    Page { rows, has_more }
}

impl From<SortValue> for Value {
    fn from(value: SortValue) -> Self {
        match value {
            SortValue::Integer(integer) => integer.into(),
            SortValue::Text(text) => text.into(),
        }
    }
}

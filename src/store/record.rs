//! How a row becomes a node.

use chrono::{DateTime, Utc};
use sea_orm::{
    DbErr, EntityTrait, QueryResult,
    sea_query::{DynIden, Expr, ExprTrait, IntoIden, SelectStatement, Value},
};
use uuid::Uuid;

use super::{Siblings, question::open};
use crate::{instant::Ago, money::Currency, valuation::Margin};

/// What decoding needs beside the row.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The instant at which figures that depend on time are true.
    pub now: DateTime<Utc>,
    /// The currency of amounts: the store's, unless a row names another.
    pub currency: Currency,
    /// What part of revenue customers are worth.
    pub margin: Margin,
    /// The columns that are read.
    pub columns: Columns,
    /// Whether statements leave open what follows from `now`: see [`super::Question`].
    pub is_open: bool,
}

impl Reading {
    /// The instant so long `ago`, as a value of a statement; null before all that can be told.
    #[must_use]
    pub fn instant(&self, ago: Ago) -> Value {
        if self.is_open {
            return open(ago);
        }
        Value::BigInt(ago.before(self.now).map(|instant| instant.timestamp_millis()))
    }

    /// The same, for amounts in `currency`, or in the store's if there is none.
    #[must_use]
    pub fn within(&self, currency: impl Into<Option<Currency>>) -> Self {
        Self { currency: currency.into().unwrap_or(self.currency), ..*self }
    }
}

/// Some columns of a record: a bit for each, by its place in [`Record::COLUMNS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns(pub u64);

impl Columns {
    /// All columns.
    pub const ALL: Self = Self(u64::MAX);
    /// No column.
    pub const NONE: Self = Self(0);

    /// These and those.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether the column at this place is one of them.
    #[must_use]
    pub const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }
}

/// A value of a node, if its columns were read: a read leaves out what is not asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T>(Option<T>);

impl<T> Read<T> {
    /// The value, if it was read.
    #[must_use]
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T> From<Option<T>> for Read<T> {
    fn from(value: Option<T>) -> Self {
        Self(value)
    }
}

/// A node that is read from one table. `#[resource]` implements it.
pub trait Record: Clone + Send + Sync + Sized + 'static {
    /// The table.
    type Entity: EntityTrait;

    /// The columns that [`Record::decode`] reads, in its order: at most 64.
    const COLUMNS: &'static [<Self::Entity as EntityTrait>::Column];

    /// The columns that are read whatever is asked for, such as keys.
    const KEYS: Columns;

    /// The column that is null while the row has not been deleted.
    const DELETED_AT: Option<<Self::Entity as EntityTrait>::Column>;

    /// The columns that the GraphQL field of this name shows; an edge shows none.
    fn columns_of(field: &str) -> Columns;

    /// The primary key.
    fn key(&self) -> Uuid;

    /// Reads a node from the first columns of a row: [`Record::KEYS`] and those of the reading.
    ///
    /// # Errors
    /// When a column does not hold what its type says.
    fn decode(row: &QueryResult, reading: &Reading, siblings: &Siblings) -> Result<Self, DbErr>;

    /// The foreign keys of nodes by column, for reading what they all point to in one statement.
    fn foreign_keys<'a>(nodes: impl Iterator<Item = &'a Self> + Clone) -> Vec<(&'static str, Vec<Uuid>)>;
}

/// The table as statements name it.
pub(super) fn table<T: Record>() -> DynIden {
    T::Entity::default().into_iden()
}

/// The primary key as an expression.
pub(super) fn key<T: Record>() -> Expr {
    Expr::col((table::<T>(), "id"))
}

/// The columns of `T` that are read, in order.
pub(super) fn columns<T: Record>(
    reading: &Reading,
) -> impl Iterator<Item = &'static <T::Entity as EntityTrait>::Column> {
    let columns = reading.columns.and(T::KEYS);
    T::COLUMNS.iter().enumerate().filter_map(move |(place, column)| columns.has(place).then_some(column))
}

/// `select` with the columns of `T` that are read, in order, from the rows of its table that are not deleted.
pub(super) fn select<T: Record>(reading: &Reading) -> SelectStatement {
    let mut statement = live::<T>();
    for column in columns::<T>(reading) {
        statement.column((table::<T>(), column.into_iden()));
    }
    statement
}

/// `select` with no columns yet, from the rows of the table that are not deleted.
pub(super) fn live<T: Record>() -> SelectStatement {
    let mut statement = SelectStatement::new();
    statement.from(table::<T>());
    statement.and_where_option(T::DELETED_AT.map(|column| Expr::col((table::<T>(), column.into_iden())).is_null()));
    statement
}

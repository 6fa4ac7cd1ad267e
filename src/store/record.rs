//! How a row becomes a node.

use chrono::{DateTime, Utc};
use sea_orm::{
    DbErr, EntityTrait, QueryResult,
    sea_query::{DynIden, Expr, ExprTrait, IntoIden, SelectStatement},
};
use uuid::Uuid;

use super::Siblings;
use crate::money::Currency;

/// What decoding needs beside the row.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The instant at which figures that depend on time are true.
    pub now: DateTime<Utc>,
    /// The currency of amounts: the store's, unless a row names another.
    pub currency: Currency,
}

impl Reading {
    /// The same, for amounts in `currency`, or in the store's if there is none.
    #[must_use]
    pub fn within(&self, currency: impl Into<Option<Currency>>) -> Self {
        Self { currency: currency.into().unwrap_or(self.currency), ..*self }
    }
}

/// A node that is read from one table. `#[resource]` implements it.
pub trait Record: Clone + Send + Sync + Sized + 'static {
    /// The table.
    type Entity: EntityTrait;

    /// The columns that [`Record::decode`] reads, in its order.
    const COLUMNS: &'static [<Self::Entity as EntityTrait>::Column];

    /// The column that is null while the row has not been deleted.
    const DELETED_AT: Option<<Self::Entity as EntityTrait>::Column>;

    /// The primary key.
    fn key(&self) -> Uuid;

    /// Reads a node from the first columns of a row.
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

/// `select` with the columns of `T`, in order, from the rows of its table that are not deleted.
pub(super) fn select<T: Record>() -> SelectStatement {
    let mut statement = live::<T>();
    for column in T::COLUMNS {
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

//! Statements that are asked again and again.

use sea_orm::{
    Statement,
    sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder, Value},
};
use serde::Deserialize;
use serde_json::json;

use super::{Dialect, Reading, Values};
use crate::instant::Ago;

/// A statement that is made once and asked of others at other times: making the text of one takes longer than many
/// of them do.
#[derive(Clone, Debug)]
pub struct Question {
    dialect: Dialect,
    sql: String,
    given: Vec<Given>,
}

/// What a statement is given.
#[derive(Clone, Debug)]
enum Given {
    /// The same each time.
    Value(Value),
    /// The instant so long ago.
    Instant(Ago),
}

impl Question {
    /// Makes one. What it reads of the present is left open where it was built with a reading that
    /// [is open](Reading::is_open), and so is its last value, which says whom it is about.
    #[must_use]
    pub fn new(dialect: Dialect, statement: &SelectStatement) -> Self {
        let (sql, values) = match dialect {
            Dialect::Sqlite => statement.build(SqliteQueryBuilder),
            Dialect::Postgres => statement.build(PostgresQueryBuilder),
        };
        let mut given: Vec<_> = values.into_iter().map(Given::from).collect();
        given.pop();
        Self { dialect, sql, given }
    }

    /// The statement as of the instant of `reading`, about `values`: one or several, as it was made for.
    #[must_use]
    pub fn about(&self, values: &Values, reading: &Reading) -> Statement {
        let given = self.given.iter().map(|given| match given {
            Given::Value(value) => value.clone(),
            Given::Instant(ago) => reading.instant(*ago),
        });
        let given = given.chain(std::iter::once(values.parameter(self.dialect)));
        Statement::from_sql_and_values(self.dialect.into(), &self.sql, given)
    }
}

/// What stands for the instant so long `ago` until it is known. Nothing else that conditions compare with is JSON.
pub(super) fn open(ago: Ago) -> Value {
    Value::Json(Some(Box::new(json!(ago))))
}

impl From<Value> for Given {
    fn from(value: Value) -> Self {
        let Value::Json(Some(mark)) = &value else { return Self::Value(value) };
        // What is no mark of ours is a value like any other.
        Ago::deserialize(&**mark).map_or(Self::Value(value), Self::Instant)
    }
}

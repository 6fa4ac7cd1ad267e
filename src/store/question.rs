//! Statements that are asked again and again.

use sea_orm::{
    Statement,
    sea_query::{PostgresQueryBuilder, SelectStatement, SqliteQueryBuilder, Value},
};

use super::{Dialect, Reading, Values};
use crate::instant::Ago;

/// A statement that is made once and asked of others at other times: making the text of one takes longer than many
/// of them do.
#[derive(Clone, Debug)]
pub struct Question {
    sql: String,
    values: Vec<Given>,
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
        Self { sql, values: values.into_iter().map(Given::from).collect() }
    }

    /// The statement as of the instant of `reading`, about `values`: as many as it was made for, one or several.
    #[must_use]
    pub fn about(&self, values: &Values, reading: &Reading, dialect: Dialect) -> Statement {
        let known = self.values.len().saturating_sub(1);
        let given = self.values.iter().take(known).map(|given| match given {
            Given::Value(value) => value.clone(),
            Given::Instant(ago) => reading.instant(*ago),
        });
        let given = given.chain(std::iter::once(values.parameter(dialect)));
        Statement::from_sql_and_values(dialect.into(), &self.sql, given)
    }
}

/// What stands for the instant so long `ago` until it is known. Nothing else that conditions compare with is JSON.
pub(super) fn open(ago: Ago) -> Value {
    Value::Json(serde_json::to_value(ago).ok().map(Box::new))
}

impl From<Value> for Given {
    fn from(value: Value) -> Self {
        let Value::Json(Some(ago)) = &value else { return Self::Value(value) };
        serde_json::from_value(*ago.clone()).map_or(Self::Value(value), Self::Instant)
    }
}

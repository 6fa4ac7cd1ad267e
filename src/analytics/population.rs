//! Whom a question is about, and when.

use entity::customer::{Column, Entity};
use sea_orm::{
    QueryResult,
    sea_query::{Expr, ExprTrait, PostgresQueryBuilder, SelectStatement, Value},
};

use crate::{
    customer::metrics::{self, ledger_at},
    failure::Outcome,
    store::{Database, Reading, query},
};

/// The customers that figures are about, at an instant: those who had joined by then, and were not deleted by then.
#[derive(Clone, Debug)]
pub struct Population {
    /// The instant, and the currency of amounts.
    pub reading: Reading,
    /// Whether figures are told from orders and refunds, and not read as they are kept.
    pub is_past: bool,
    /// Common table expressions: `chosen`, the customers with the figures that are kept of them, and `people`, the
    /// same with the figures of the instant.
    tables: String,
    /// What the condition compares with, and the instant.
    parameters: Vec<Value>,
}

impl Population {
    /// The customers who fulfil `condition` now, at the instant of `reading`; with the figures that are kept of them
    /// unless it `is_past`.
    #[must_use]
    pub fn new(database: &Database, reading: Reading, is_past: bool, condition: Option<Expr>) -> Self {
        let number = values(database, condition.as_ref()) + 1;
        let at = parameter(number);
        let column = |column| Expr::col((Entity, column));
        let columns = [
            Column::Id,
            Column::CustomerSince,
            Column::TotalOrders,
            Column::DeliveredOrders,
            Column::TotalSpent,
            Column::FirstOrderDate,
            Column::LastOrderDate,
            Column::LastPurchaseDate,
            Column::DeletedAt,
        ];
        let is_narrowed = condition.is_some();
        let mut chosen = SelectStatement::new();
        chosen
            .columns(columns.map(|column| (Entity, column)))
            .from(Entity)
            .and_where_option(condition)
            .and_where(Expr::cust(format!("customer.customer_since <= {at}")))
            .and_where(column(Column::DeletedAt).is_null().or(Expr::cust(format!("customer.deleted_at > {at}"))));
        let chosen = database.reader().get_database_backend().build(&chosen);
        let people = if is_past {
            // Without a condition nearly all orders count, and looking each up costs more than leaving some out.
            let counts = if is_narrowed { "customer_id in (select id from chosen)" } else { "true" };
            ledger_at(&at, counts, "chosen", "true")
        } else {
            "chosen".to_owned()
        };
        let mut parameters = chosen.values.map(|values| values.0).unwrap_or_default();
        parameters.push(reading.now.timestamp_millis().into());
        let tables = format!("with chosen as ({}), people as (select * from {people} ledger)", chosen.sql);
        Self { reading, is_past, tables, parameters }
    }

    /// Asks `statement`, which reads the tables `chosen` and `people`, and may begin with tables of its own and a comma
    /// before each. It reads all `numbers` as [`Self::number`], so that its text is the same at any instant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ask(&self, database: &Database, statement: &str, numbers: &[i64]) -> Outcome<Vec<QueryResult>> {
        let sql = format!("{}{statement}", self.tables);
        let parameters = self.parameters.iter().cloned().chain(numbers.iter().map(|number| (*number).into()));
        Ok(query(database.reader(), &sql, parameters.collect()).await?)
    }

    /// The instant in SQL, in milliseconds since 1970.
    #[must_use]
    pub fn at(&self) -> String {
        parameter(self.parameters.len())
    }

    /// The number at `index`, from 0, of those that a statement is asked with, in SQL.
    #[must_use]
    pub fn number(&self, index: usize) -> String {
        parameter(self.parameters.len() + 1 + index)
    }

    /// The condition that a row of orders or of refunds belongs to one of the customers.
    #[must_use]
    pub fn has(&self, column: &str) -> String {
        format!("{column} in (select id from chosen)")
    }

    /// The condition that a row of `orders` tells of an order that was placed, and not cancelled, by the instant.
    #[must_use]
    pub fn is_placed(&self) -> String {
        metrics::is_placed(&self.at())
    }
}

/// A parameter of a statement in SQL, an integer.
fn parameter(number: usize) -> String {
    format!("cast(${number} as bigint)")
}

/// How many values a condition compares with.
fn values(database: &Database, condition: Option<&Expr>) -> usize {
    let mut statement = SelectStatement::new();
    statement.column(Column::Id).from(Entity).and_where_option(condition.cloned());
    database.reader().get_database_backend().build(&statement).values.map_or(0, |values| values.0.len())
}

/// An expression as the text of both databases.
#[must_use]
pub fn text(expression: Expr) -> String {
    let sql = SelectStatement::new().expr(expression).to_string(PostgresQueryBuilder);
    sql.trim_start_matches("SELECT ").to_owned()
}

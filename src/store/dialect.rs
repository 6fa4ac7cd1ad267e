//! The expressions that SQLite and PostgreSQL write differently.

use chrono::NaiveDate;
use sea_orm::{
    DbBackend,
    sea_query::{
        ArrayType, Expr, ExprTrait, Func, FunctionCall, SelectStatement, Value,
        extension::{postgres::PgFunc, sqlite::SqliteBinOper},
    },
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// The database's way of writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite, embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A list of values bound as one parameter, so that lists of any length share one plan.
#[derive(Clone, Debug)]
pub enum Values {
    /// Keys.
    Keys(Vec<Uuid>),
    /// Text.
    Texts(Vec<String>),
    /// Integers, instants and money included.
    Integers(Vec<i64>),
    /// Numbers with a fraction.
    Numbers(Vec<f64>),
    /// Dates: a type on PostgreSQL, and text on SQLite.
    Days(Vec<NaiveDate>),
}

/// What a member of a JSON object is asked for as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum JsonType {
    /// Anything but null, as JSON.
    Any,
    /// A string.
    Text,
    /// A number, with or without a fraction.
    Number,
    /// True or false.
    Boolean,
}

impl JsonType {
    /// Its name, as it is stored and shown. Empty for anything.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
        }
    }
}

impl From<DbBackend> for Dialect {
    fn from(backend: DbBackend) -> Self {
        if backend == DbBackend::Sqlite { Self::Sqlite } else { Self::Postgres }
    }
}

impl From<Dialect> for DbBackend {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Sqlite => Self::Sqlite,
            Dialect::Postgres => Self::Postgres,
        }
    }
}

impl Dialect {
    /// Whether `expression` is one of `values`; one value alone is compared by `=`.
    #[must_use]
    pub fn among(self, expression: Expr, values: &Values) -> Expr {
        // PostgreSQL takes a list that it does not know for ten values, finds a plan for the one that it is given
        // cheaper, and plans each time.
        if values.are_one() {
            return expression.eq(values.parameter(self));
        }
        match self {
            Self::Postgres => expression.eq(PgFunc::any(values.array())),
            Self::Sqlite => {
                let mut list = SelectStatement::new();
                list.expr(values.element()).from_function(self.elements(values), "element");
                expression.in_subquery(list)
            }
        }
    }

    /// A value that no plan is made for. PostgreSQL plans for the value of a parameter where that promises fewer rows than
    /// one that it does not know, as at the end of an index: each time again. SQLite does so for none (see
    /// `.cargo/config.toml`).
    #[must_use]
    pub fn unpeeked(self, value: Value) -> Expr {
        match self {
            Self::Postgres => Expr::SubQuery(None, Box::new(SelectStatement::new().expr(value).take().into())),
            Self::Sqlite => value.into(),
        }
    }

    /// A table function with a row for each of `values`; [`Dialect::key_element`] reads a key in it.
    #[must_use]
    pub fn elements(self, values: &Values) -> FunctionCall {
        match self {
            Self::Postgres => Func::cust("unnest").arg(values.array()),
            Self::Sqlite => Func::cust("json_each").arg(values.document()),
        }
    }

    /// The key in a row of [`Dialect::elements`], the function being called `element`.
    #[must_use]
    pub fn key_element(self) -> Expr {
        match self {
            Self::Postgres => Expr::col(("element", "element")),
            Self::Sqlite => Func::cust("unhex").arg(Expr::col(("element", "value"))).into(),
        }
    }

    /// The month in UTC of the instant in `column`, an integer of milliseconds since 1970, in SQL text: an integer that
    /// counts from January of the year 0.
    #[must_use]
    pub fn month(self, column: &str) -> String {
        match self {
            Self::Postgres => {
                let time = format!("(timestamp 'epoch' + {column} * interval '1 millisecond')");
                format!("cast(date_part('year', {time}) * 12 + date_part('month', {time}) - 1 as bigint)")
            }
            Self::Sqlite => {
                // Whole seconds, rounded down: before 1970 as well.
                let seconds = format!("({column} - ({column} % 1000 + 1000) % 1000) / 1000");
                let part = |format| format!("strftime('{format}', {seconds}, 'unixepoch')");
                format!("({} * 12 + {} - 1)", part("%Y"), part("%m"))
            }
        }
    }

    /// The present instant by the clock of the database, in milliseconds since 1970, in SQL text.
    #[must_use]
    pub fn present(self) -> &'static str {
        match self {
            Self::Postgres => "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)",
            Self::Sqlite => "cast(unixepoch('subsec') * 1000 as integer)",
        }
    }

    /// Whether `text` occurs in `expression`, letter by letter.
    #[must_use]
    pub fn contains(self, expression: Expr, text: String) -> Expr {
        let function = if self == Self::Sqlite { "instr" } else { "strpos" };
        Expr::expr(Func::cust(function).arg(expression).arg(text)).gt(Expr::cust("0"))
    }

    /// The member called `name` of the JSON object that `document` holds. Missing if it is null or of another type.
    ///
    /// `name` has no quotation marks and backslashes, which SQLite's paths cannot tell from their own.
    #[must_use]
    pub fn member(self, document: Expr, name: &str, json: JsonType) -> Expr {
        let (kind, value) = match self {
            Self::Postgres => {
                let call = |function| Expr::expr(Func::cust(function).arg(document.clone()).arg(name));
                let value = if json == JsonType::Any { "jsonb_extract_path" } else { "jsonb_extract_path_text" };
                (Func::cust("jsonb_typeof").arg(call("jsonb_extract_path")), call(value))
            }
            Self::Sqlite => {
                let path = format!("$.\"{name}\"");
                let value = if json == JsonType::Any {
                    document.clone().binary(SqliteBinOper::GetJsonField, Expr::value(path.clone()))
                } else {
                    Func::cust("json_extract").arg(document.clone()).arg(path.clone()).into()
                };
                (Func::cust("json_type").arg(document).arg(path), value)
            }
        };
        // By the names of both databases.
        let kinds: &[&str] = match json {
            JsonType::Any => {
                &["string", "text", "number", "integer", "real", "boolean", "true", "false", "array", "object"]
            }
            JsonType::Text => &["string", "text"],
            JsonType::Number => &["number", "integer", "real"],
            JsonType::Boolean => &["boolean", "true", "false"],
        };
        let value = match json {
            JsonType::Any | JsonType::Text => value.cast_as("text"),
            JsonType::Number => value.cast_as("double precision"),
            JsonType::Boolean => value.cast_as("boolean"),
        };
        // Nothing is cast but what is of the type. Its names are constants, as a statement may have so many values only.
        let kinds = kinds.iter().map(|kind| Expr::Constant((*kind).into()));
        Expr::case(Expr::expr(kind).is_in(kinds), value).into()
    }

    /// Whether the customer's search text holds the folded `text`, by the trigram index.
    ///
    /// `text` has three letters or more: shorter ones have no trigram.
    #[must_use]
    pub fn search(self, text: &str) -> Expr {
        match self {
            Self::Postgres => {
                let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
                Expr::cust_with_values("customer.search_text like $1", [format!("%{escaped}%")])
            }
            Self::Sqlite => {
                let phrase = format!("\"{}\"", text.replace('"', "\"\""));
                let mut matches = SelectStatement::new();
                matches
                    .column(("customer_search", "customer_id"))
                    .from("customer_search_index")
                    .inner_join(
                        "customer_search",
                        Expr::col(("customer_search", "row")).eq(Expr::col(("customer_search_index", "rowid"))),
                    )
                    .and_where(Expr::cust_with_values("customer_search_index match ?", [phrase]));
                Expr::col(("customer", "id")).in_subquery(matches)
            }
        }
    }
}

impl Values {
    /// Whether there is one only.
    #[must_use]
    pub fn are_one(&self) -> bool {
        let count = match self {
            Self::Keys(keys) => keys.len(),
            Self::Texts(texts) => texts.len(),
            Self::Integers(integers) => integers.len(),
            Self::Numbers(numbers) => numbers.len(),
            Self::Days(days) => days.len(),
        };
        count == 1
    }

    /// What [`Dialect::among`] gives a statement: the value itself if there is one only.
    pub(super) fn parameter(&self, dialect: Dialect) -> Value {
        fn only<T: Clone + Into<Value>>(values: &[T]) -> Option<Value> {
            if let [value] = values { Some(value.clone().into()) } else { None }
        }
        let only = match self {
            Self::Keys(keys) => only(keys),
            Self::Texts(texts) => only(texts),
            Self::Integers(integers) => only(integers),
            Self::Numbers(numbers) => only(numbers),
            Self::Days(days) => only(days),
        };
        only.unwrap_or_else(|| match dialect {
            Dialect::Postgres => self.array(),
            Dialect::Sqlite => self.document().into(),
        })
    }

    /// The values as one PostgreSQL array.
    pub(super) fn array(&self) -> Value {
        let (kind, values): (_, Vec<Value>) = match self {
            Self::Keys(keys) => (ArrayType::Uuid, keys.iter().map(|key| (*key).into()).collect()),
            Self::Texts(texts) => (ArrayType::String, texts.iter().map(|text| text.clone().into()).collect()),
            Self::Integers(integers) => (ArrayType::BigInt, integers.iter().map(|value| (*value).into()).collect()),
            Self::Numbers(numbers) => (ArrayType::Double, numbers.iter().map(|value| (*value).into()).collect()),
            Self::Days(days) => (ArrayType::ChronoDate, days.iter().map(|day| (*day).into()).collect()),
        };
        Value::Array(kind, Some(Box::new(values)))
    }

    /// The values as one JSON array; keys in hexadecimal, as SQLite has no JSON for bytes.
    pub(super) fn document(&self) -> String {
        match self {
            Self::Keys(keys) => json!(keys.iter().map(|key| key.simple().to_string()).collect::<Vec<_>>()),
            Self::Texts(texts) => json!(texts),
            Self::Integers(integers) => json!(integers),
            Self::Numbers(numbers) => json!(numbers),
            Self::Days(days) => json!(days),
        }
        .to_string()
    }

    /// The value in a row of SQLite's `json_each`, called `element`.
    fn element(&self) -> Expr {
        match self {
            Self::Keys(_) => Dialect::Sqlite.key_element(),
            Self::Texts(_) | Self::Integers(_) | Self::Numbers(_) | Self::Days(_) => Expr::col(("element", "value")),
        }
    }
}

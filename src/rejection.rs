//! What the rules refuse, told for the client who asked: `userErrors`.

use async_graphql::{Enum, SimpleObject};
use sea_orm::{DbErr, SqlErr};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Why a mutation changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
#[graphql(name = "UserError")]
pub struct Rejection {
    /// What kind of reason it is, for programs.
    pub code: RejectionCode,
    /// Where in the arguments the reason lies, such as `["input", "items", "0", "quantity"]`.
    pub field: Vec<String>,
    /// The reason in words: it names the field and what would be right.
    pub message: String,
}

/// The kinds of reasons why a mutation changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Enum)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[graphql(name = "UserErrorCode")]
pub enum RejectionCode {
    /// There is no such node.
    NotFound,
    /// A value is missing that is needed.
    Required,
    /// A value is not what it must be.
    Invalid,
    /// Another node has this value already, and it must be unique.
    Taken,
    /// The node was edited meanwhile: it has another version than the expected one.
    Conflict,
    /// The state of the node does not allow it.
    NotAllowed,
}

/// Why an operation did not take place.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// The rules refuse it, for these reasons.
    Rejected(Vec<Rejection>),
    /// It could not be tried.
    Failed(Failure),
}

/// The result of an operation that the rules may refuse.
pub type Attempt<T> = Result<T, Refusal>;

impl Rejection {
    /// A rejection because of the argument at `path`, which is dotted: `input.items.0.quantity`.
    pub fn new(code: RejectionCode, path: &str, message: impl Into<String>) -> Self {
        Self { code, field: path.split('.').map(str::to_owned).collect(), message: message.into() }
    }

    /// There is no node that the argument at `path` names.
    #[must_use]
    pub fn not_found(path: &str, thing: &str) -> Self {
        Self::new(RejectionCode::NotFound, path, format!("there is no {thing} with this id"))
    }

    /// Another node has the value of the argument at `path`.
    #[must_use]
    pub fn taken(path: &str) -> Self {
        let field = path.rsplit('.').next().unwrap_or(path);
        Self::new(RejectionCode::Taken, path, format!("{field}: expected a value that no other has; this one is taken"))
    }
}

impl Refusal {
    /// Why a row could not be written. When another one, written meanwhile, has a value that must be unique, it is told
    /// of the argument that holds it: `unique` names columns, and the dotted paths of their arguments.
    #[must_use]
    pub fn of_duplicate(error: DbErr, unique: &[(&str, &str)]) -> Self {
        let Some(SqlErr::UniqueConstraintViolation(message)) = error.sql_err() else { return error.into() };
        // The message names the column, or the index, whose name begins with those of table and column.
        match unique.iter().find(|(column, _)| message.contains(column)) {
            Some((_, path)) => Rejection::taken(path).into(),
            None => error.into(),
        }
    }
}

/// Checks that a node has the version that the client expects, if it expects one: that nobody edited it meanwhile.
///
/// # Errors
/// [`RejectionCode::Conflict`] when it has another.
pub fn expect_version(expected: Option<i32>, found: i32) -> Attempt<()> {
    match expected {
        Some(expected) if expected != found => {
            let message = format!("expectedVersion: the node has version {found} now, not {expected}");
            Err(Rejection::new(RejectionCode::Conflict, "input.expectedVersion", message).into())
        }
        _ => Ok(()),
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(vec![rejection])
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<DbErr> for Refusal {
    fn from(error: DbErr) -> Self {
        Self::Failed(error.into())
    }
}

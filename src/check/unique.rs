//! Values that must be unique, when another transaction was faster.

use sea_orm::{DbErr, SqlErr};

use super::last;
use crate::rejection::{Refusal, Rejection, RejectionCode};

/// Why a row could not be written: [`RejectionCode::Taken`] when another transaction wrote one of `values` meanwhile,
/// each the name of its column and the path of its argument.
#[must_use]
pub fn taken(error: DbErr, values: &[(&str, &str)]) -> Refusal {
    // SQLite names the column, PostgreSQL the index, which is named after it.
    let violated = match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(message)) => {
            values.iter().find(|(column, _)| message.contains(column)).map(|(_, path)| *path)
        }
        _ => None,
    };
    match violated {
        Some(path) => is_taken(path).into(),
        None => error.into(),
    }
}

/// Another node has the value at `path`.
#[must_use]
pub fn is_taken(path: &str) -> Rejection {
    Rejection::new(RejectionCode::Taken, path, format!("{}: expected a value that no other has", last(path)))
}

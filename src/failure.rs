//! What can go wrong, told apart by whose fault it is.

use std::sync::Arc;

/// Why a request was not answered. Refusals by the rules of the domain are not failures: see `userErrors`.
#[derive(Clone, Debug)]
pub enum Failure {
    /// The request cannot be right: a bad IRI, cursor, page size or filter. The message is for the client.
    Malformed(String),
    /// The viewer may not do this. The message is for the client.
    Forbidden(String),
    /// Ours. Logged once at the door; the client sees a trace id only.
    Internal(Arc<anyhow::Error>),
}

impl Failure {
    /// A malformed request: `message` names the argument and what would be right.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self::Malformed(message.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(Arc::new(error))
    }
}

impl From<sea_orm::DbErr> for Failure {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Internal(Arc::new(anyhow::Error::new(error).context("the database did not answer")))
    }
}

/// The result of whatever can fail.
pub type Outcome<T> = Result<T, Failure>;

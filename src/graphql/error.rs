//! Failures as GraphQL errors.

use async_graphql::{Error, ErrorExtensions, Pos, ServerError};
use uuid::Uuid;

use crate::failure::Failure;

/// The values of `extensions.code`.
pub mod code {
    /// The request cannot be right.
    pub const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
    /// The viewer may not do this.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// The query costs more than a limit allows.
    pub const QUERY_TOO_COMPLEX: &str = "QUERY_TOO_COMPLEX";
    /// The client asks for more at once than a limit allows, or takes too little of what it asked for.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    /// The query took longer than a limit allows.
    pub const TIMEOUT: &str = "TIMEOUT";
    /// The fault is the server's.
    pub const INTERNAL: &str = "INTERNAL";
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let (message, code) = match failure {
            Failure::Malformed(message) => (message, code::BAD_USER_INPUT),
            Failure::Forbidden(message) => (message, code::FORBIDDEN),
            Failure::Internal(error) => (incident(&format!("{error:#}")), code::INTERNAL),
        };
        Self::new(message).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// An error with one of the [`code`]s, at a place in the document if it has one.
pub fn coded(message: impl Into<String>, position: Option<Pos>, code: &str) -> ServerError {
    let mut error = ServerError::new(message, position);
    error.extensions.get_or_insert_default().set("code", code);
    error
}

/// Logs a fault of ours, and says where: what the client is told of it.
#[expect(clippy::disallowed_methods, reason = "the id of a log line is no key of the domain")]
pub fn incident(cause: &str) -> String {
    let trace = Uuid::now_v7();
    tracing::error!(%trace, cause, "a request failed");
    format!("the server failed; its log says why under {trace}")
}

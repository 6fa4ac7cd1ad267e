//! Failures as GraphQL errors.

use async_graphql::{Error, ErrorExtensions};
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
            Failure::Internal(error) => {
                let trace = trace_id();
                tracing::error!(%trace, error = format!("{error:#}"), "a request failed");
                (format!("the server failed; its log says why under {trace}"), code::INTERNAL)
            }
        };
        Self::new(message).extend_with(|_, extensions| extensions.set("code", code))
    }
}

/// Ties an answer to a line of the log.
#[expect(clippy::disallowed_methods, reason = "an id of a log line is no key of the domain")]
pub fn trace_id() -> Uuid {
    Uuid::now_v7()
}

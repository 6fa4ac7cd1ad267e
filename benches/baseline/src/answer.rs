//! How answers are written.

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// The envelope of a GraphQL answer.
#[derive(Serialize)]
pub struct Data<T> {
    /// What was asked for.
    pub data: T,
}

/// Why there is no answer: what failed.
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}\n", self.0)).into_response()
    }
}

/// A body, with the header that names its type.
pub type Answer = Result<([(HeaderName, &'static str); 1], Vec<u8>), Failure>;

/// Answers as GraphQL does.
pub fn data<T: Serialize>(data: T) -> Answer {
    Ok(([(header::CONTENT_TYPE, "application/json")], serde_json::to_vec(&Data { data })?))
}

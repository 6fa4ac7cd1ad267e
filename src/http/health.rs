//! Whether the server lives, and whether it can answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use sea_orm::ConnectionTrait;

use super::router::Context;

/// `/health/live`: the process runs.
pub async fn live() -> &'static str {
    "live\n"
}

/// `/health/ready`: the database answers; 503 while it does not.
pub async fn ready(State(context): State<Context>) -> Response {
    match context.app.database.reader().execute_unprepared("select 1").await {
        Ok(_) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}

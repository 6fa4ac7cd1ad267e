//! What every request passes through.

use std::any::Any;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use crate::graphql::trace_id;

/// Headers of every answer. Nothing that a page of ours shows may load or send anything elsewhere.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
];

/// Adds [`HEADERS`].
pub async fn headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().extend(HEADERS);
    response
}

/// The names by which the server may be called.
#[derive(Clone, Debug)]
pub struct Hosts(pub Vec<String>);

/// Refuses requests for another host: without access control, a foreign page must not reach the server by a name
/// that its owner points to this machine (DNS rebinding).
pub async fn host(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    if hosts.0.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return next.run(request).await;
    }
    let message = format!("this server answers to the hosts {} only\n", hosts.0.join(", "));
    (StatusCode::MISDIRECTED_REQUEST, message).into_response()
}

/// What a GraphQL request asked for, left on its answer for the log.
#[derive(Clone, Debug)]
pub struct Operation {
    /// The operation's name, empty if it has none.
    pub name: String,
    /// How many errors the answer has.
    pub errors: usize,
}

/// Writes a line for each request: no query strings, which may hold personal data.
pub async fn log(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = Instant::now();
    let response = next.run(request).await;
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    match response.extensions().get::<Operation>() {
        Some(Operation { name, errors }) => {
            tracing::info!(%method, path, operation = name, errors, status, duration_ms, "request");
        }
        None => tracing::info!(%method, path, status, duration_ms, "request"),
    }
    response
}

/// Answers when the program itself failed.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let trace = trace_id();
    tracing::error!(%trace, "a request panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("the server failed; its log says why under {trace}\n")).into_response()
}

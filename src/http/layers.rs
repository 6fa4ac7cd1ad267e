//! What every request passes through.

use std::{any::Any, sync::Arc};

use axum::{
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use crate::graphql::incident;

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
pub struct Hosts(pub Arc<[String]>);

impl Hosts {
    /// Whether the server may be called so.
    #[must_use]
    pub fn know(&self, host: &str) -> bool {
        self.0.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

/// Refuses requests for another host: without access control, a foreign page must not reach the server by a name
/// that its owner points to this machine (DNS rebinding).
pub async fn host(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let authority = host.parse::<Authority>().ok();
    let name = authority.as_ref().map(Authority::host).unwrap_or_default();
    if hosts.know(name) {
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

/// Writes a line for each request. It names the route, not the path, which may hold anything.
pub async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|route| route.as_str().to_owned()).unwrap_or_default();
    let started = Instant::now();
    let response = next.run(request).await;
    let duration_ms = started.elapsed().as_secs_f64() * 1000.0;
    let status = response.status().as_u16();
    match response.extensions().get::<Operation>() {
        Some(Operation { name, errors }) => {
            tracing::info!(%method, route, operation = name, errors, status, duration_ms, "request");
        }
        None => tracing::info!(%method, route, status, duration_ms, "request"),
    }
    response
}

/// Answers when the program itself failed.
#[expect(clippy::needless_pass_by_value, reason = "the layer asks for such a function")]
pub fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let said = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
    let message = format!("{}\n", incident(&format!("panic: {}", said.unwrap_or_default())));
    (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
}

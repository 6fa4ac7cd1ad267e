//! Entity tags: whoever holds an answer already is told so instead of being sent it again (RFC 9110, section 8.8.3).

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use sha2::{Digest, Sha256};

/// The tag of an answer that has these bytes.
pub fn of(bytes: &[u8]) -> String {
    of_hash(Sha256::digest(bytes).into())
}

/// The tag of an answer whose bytes have this SHA-256: half of it.
pub fn of_hash(hash: [u8; 32]) -> String {
    let half = u128::from_be_bytes(hash.first_chunk().copied().unwrap_or_default());
    format!("\"{half:032x}\"")
}

/// Answers 304 where the client names the tag of the answer (RFC 9110, section 13.1.2).
pub async fn not_modified(request: Request, next: Next) -> Response {
    let named = request.headers().get_all(header::IF_NONE_MATCH);
    let named: Vec<HeaderValue> = named.iter().cloned().collect();
    let mut response = next.run(request).await;
    if response.status() == StatusCode::OK
        && let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok())
        && named.iter().any(|named| names(named, tag))
    {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        *response.body_mut() = Body::empty();
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

/// Whether a value of `If-None-Match` names the tag. The comparison is weak, as for this header it must be.
fn names(named: &HeaderValue, tag: &str) -> bool {
    let named = named.to_str().unwrap_or_default().split(',').map(str::trim);
    named.map(|named| named.strip_prefix("W/").unwrap_or(named)).any(|named| named == tag || named == "*")
}

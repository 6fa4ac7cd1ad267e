//! `/context.jsonld` and `/vocab`.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    entity_tag,
    negotiation::{accepted, best},
    resource::in_quads,
    router::Context,
};
use crate::{
    html,
    schema::node::KINDS,
    semantics::{
        N_QUADS, N_TRIPLES,
        context::{self, MEDIA_TYPE},
        profile::Profile,
        vocabulary,
    },
};

/// The media type of pages for people.
pub const HTML: &str = "text/html";

/// What linked data is served as.
pub const SERVED: [&str; 4] = [MEDIA_TYPE, N_QUADS, N_TRIPLES, HTML];

/// The context, which foreign pages may read too: it holds nothing of the store.
pub async fn context_document() -> Response {
    let mut response = in_json_ld(context::document(KINDS).to_string(), None);
    let anyone = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// The vocabulary, for machines and for people.
pub async fn vocabulary_document(State(context): State<Context>, headers: HeaderMap) -> Response {
    match best(&accepted(&headers), &SERVED) {
        Some(HTML) => page(html::vocabulary(&context.app.base, KINDS)),
        Some(media_type @ (N_QUADS | N_TRIPLES)) => in_quads(&context, media_type, vocabulary::document(KINDS)).await,
        Some(_) => in_json_ld(vocabulary::document(KINDS).to_string(), None),
        None => not_acceptable(),
    }
}

/// An answer in JSON-LD, in a profile or compacted.
pub fn in_json_ld(document: String, profile: Option<Profile>) -> Response {
    match profile {
        Some(profile) => linked_data(document, &format!("{MEDIA_TYPE};profile=\"{}\"", profile.iri())),
        None => linked_data(document, MEDIA_TYPE),
    }
}

/// An answer of this media type, which is one of those that clients choose from.
pub fn linked_data(document: String, media_type: &str) -> Response {
    let tag = entity_tag::of(document.as_bytes());
    let headers =
        [(header::CONTENT_TYPE, media_type), (header::VARY, "Accept, Authorization"), (header::ETAG, tag.as_str())];
    (headers, document).into_response()
}

/// An answer as a page.
pub fn page(markup: maud::Markup) -> Response {
    linked_data(markup.into_string(), "text/html; charset=utf-8")
}

/// A refusal that says what is served.
pub fn not_acceptable() -> Response {
    (StatusCode::NOT_ACCEPTABLE, format!("this URL answers as {}\n", SERVED.join(", "))).into_response()
}

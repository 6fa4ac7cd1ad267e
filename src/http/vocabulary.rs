//! `/context.jsonld` and `/vocab`.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    negotiation::{accepted, best},
    router::Context,
};
use crate::{
    html,
    schema::node::KINDS,
    semantics::{
        context::{self, MEDIA_TYPE},
        profile::Profile,
        vocabulary,
    },
};

/// The context, which foreign pages may read too: it holds nothing of the store.
pub async fn context_document() -> Response {
    let mut response = linked_data(context::document(KINDS).to_string(), None);
    let anyone = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anyone);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

/// The vocabulary, for machines and for people.
pub async fn vocabulary_document(State(context): State<Context>, headers: HeaderMap) -> Response {
    match best(&accepted(&headers), &[MEDIA_TYPE, "text/html"]) {
        Some(MEDIA_TYPE) => linked_data(vocabulary::document(KINDS).to_string(), None),
        Some(_) => page(html::vocabulary(&context.app.base, KINDS)),
        None => not_acceptable(),
    }
}

/// An answer in JSON-LD, in a profile or compacted.
pub fn linked_data(document: String, profile: Option<Profile>) -> Response {
    let media_type = match profile {
        Some(profile) => format!("{MEDIA_TYPE};profile=\"{}\"", profile.iri()),
        None => MEDIA_TYPE.to_owned(),
    };
    ([(header::CONTENT_TYPE, media_type), (header::VARY, "Accept, Authorization".to_owned())], document).into_response()
}

/// An answer as a page.
pub fn page(markup: maud::Markup) -> Response {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::VARY, "Accept, Authorization")];
    (headers, markup.into_string()).into_response()
}

/// A refusal that says what is served.
pub fn not_acceptable() -> Response {
    (StatusCode::NOT_ACCEPTABLE, format!("this URL answers as {MEDIA_TYPE} and text/html\n")).into_response()
}

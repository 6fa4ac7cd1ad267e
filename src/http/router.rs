//! All URLs, on one page.

use std::sync::Arc;

use axum::{
    Router,
    middleware::{from_fn, from_fn_with_state},
    routing::get,
};
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    assets, dashboard,
    document::Documents,
    entity_tag, graphql, health,
    layers::{self, Hosts},
    resource,
    streams::Streams,
    unsubscribe, vocabulary,
};
use crate::{
    app::App,
    auth::Viewer,
    schema::{self, CustomersSchema, limits::Limits},
};

/// What the handlers share.
#[derive(Clone)]
pub struct Context {
    /// The server's parts.
    pub app: Arc<App>,
    /// The schema.
    pub schema: CustomersSchema,
    /// What a query may cost.
    pub limits: Limits,
    /// The documents of late.
    pub documents: Arc<Documents>,
    /// What sockets and streams share.
    pub streams: Streams,
}

impl Context {
    /// Who sent the request.
    #[expect(clippy::unused_self, reason = "access control will ask the context")]
    pub fn viewer(&self) -> Viewer {
        Viewer::Local
    }
}

/// The router.
pub fn router(app: App, hosts: Hosts, streams: Streams) -> Router {
    let schema = schema::build(app.clone());
    let (limits, documents) = (Limits::default(), Arc::default());
    let context = Context { app: Arc::new(app), schema, limits, documents, streams };
    Router::new()
        .route("/", get(resource::home))
        .route("/dashboard", get(dashboard::dashboard))
        .route("/graphql", get(graphql::graphql).post(graphql::graphql))
        .route("/context.jsonld", get(vocabulary::context_document))
        .route("/vocab", get(vocabulary::vocabulary_document))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/assets/{*path}", get(assets::asset))
        .route("/unsubscribe/{token}", get(unsubscribe::ask).post(unsubscribe::unsubscribe))
        .route("/{collection}", get(resource::collection))
        .route("/{collection}/{key}", get(resource::node))
        .route("/{collection}/{key}/{edge}", get(resource::related))
        .with_state(context)
        .layer(from_fn(entity_tag::not_modified))
        .layer(from_fn_with_state(hosts, layers::host))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn(layers::headers))
        .layer(from_fn(layers::log))
}

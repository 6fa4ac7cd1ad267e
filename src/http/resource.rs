//! Node IRIs: `/{collection}/{key}`, its pages of related nodes, and the pages of whole collections.
//!
//! Pages are read by the same GraphQL fields that clients use, so that they hold the same nodes in the same order.

use async_graphql::Value;
use axum::{
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};
use tokio::task::spawn_blocking;

use super::{
    negotiation::{Accepted, accepted, best},
    request::{self, Parameters, Prepared, Refusal},
    router::Context,
    vocabulary::{HTML, SERVED, in_json_ld, linked_data, not_acceptable, page},
};
use crate::{
    failure::Failure,
    graphql::{code, incident},
    html::{self, List},
    schema::node::{self, KINDS, NodeDocument},
    semantics::{
        Kind, N_QUADS, N_TRIPLES,
        context::{self, MEDIA_TYPE},
        parse_key,
        profile::{self, Profile},
    },
};

/// How many nodes a page lists.
const PAGE_SIZE: u32 = 50;

/// The collections that have a list at the root of queries, with its field.
const ROOTS: [(&str, &str); 8] = [
    ("customers", "customers"),
    ("orders", "orders"),
    ("products", "products"),
    ("segments", "segments"),
    ("loyalty-programs", "loyaltyPrograms"),
    ("lifetime-value-runs", "lifetimeValueRuns"),
    ("rfm-runs", "rfmRuns"),
    ("communications", "communications"),
];

/// Which page of a list is asked for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Wanted {
    /// A condition as GraphQL takes it, in JSON: only nodes that fulfil it are listed.
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    /// The cursor that the page starts after.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// `/`: where people start.
pub async fn home(State(context): State<Context>) -> Response {
    page(html::home(&context.app.base, &ROOTS.map(|(collection, _)| collection)))
}

/// A node.
pub async fn node(
    State(context): State<Context>,
    Path((collection, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some((kind, key)) = kind(&collection).zip(parse_key(&key)) else {
        return not_found();
    };
    let accepted = accepted(&headers);
    let Some(media_type) = best(&accepted, &SERVED) else {
        return not_acceptable();
    };
    let node = match node::load(&context.app, &context.app.reading(), &collection, key).await {
        Ok(Some(node)) => node,
        Ok(None) => return not_found(),
        Err(failure) => return failed(&failure),
    };
    let base = &context.app.base;
    let document = NodeDocument { node: &node, base, shows_personal: context.viewer().reads_personal() };
    match media_type {
        HTML => match serde_json::to_value(document) {
            Ok(document) => page(html::node(base, kind, &document)),
            Err(error) => failed(&anyhow::Error::new(error).into()),
        },
        N_QUADS | N_TRIPLES => match document.to_quads() {
            Ok(text) => linked_data(text, media_type),
            Err(error) => failed(&anyhow::Error::new(error).into()),
        },
        _ => in_profile(&context, &accepted, &document).await,
    }
}

/// A page of a whole collection.
pub async fn collection(
    State(context): State<Context>,
    Path(collection): Path<String>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let root = ROOTS.iter().find(|(known, _)| *known == collection);
    let Some(((_, field), kind)) = root.zip(kind(&collection)) else {
        return not_found();
    };
    let name = kind.description.name;
    let query = format!(
        "query ($after: String, $where: {name}Where) {{ {} }}",
        connection(field, &headers, wanted.after.is_none())
    );
    let listed = list(&context, query, json!({}), &wanted).await;
    let listing = Listing { list: context.app.base.url(&collection), wanted, title: collection, of: None };
    listing.answer(&context, &headers, listed).await
}

/// A page of the nodes that an edge of a node leads to.
pub async fn related(
    State(context): State<Context>,
    Path((collection, key, edge)): Path<(String, String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let Some((kind, key)) = kind(&collection).zip(parse_key(&key)) else {
        return not_found();
    };
    let Some(edge) = kind.edges.iter().find(|known| known.has_pages && known.name == edge) else {
        return not_found();
    };
    let Some(target) = KINDS.iter().find(|target| target.description.class == edge.target) else {
        return not_found();
    };
    let (name, field, target) = (kind.description.name, edge.name, target.description.name);
    let query = format!(
        "query ($id: ID!, $after: String, $where: {target}Where) {{ node(id: $id) {{ ... on {name} {{ {} }} }} }}",
        connection(field, &headers, wanted.after.is_none()),
    );
    let iri = context.app.base.node(&collection, key);
    let listed = list(&context, query, json!({ "id": iri }), &wanted).await;
    let listing = Listing {
        list: format!("{iri}/{field}"),
        wanted,
        title: format!("{name}: {field}"),
        of: Some((iri, name, field)),
    };
    listing.answer(&context, &headers, listed).await
}

/// What is asked of a connection. The first page tells people how many nodes there are; programs count them if they
/// want to.
fn connection(field: &str, headers: &HeaderMap, is_first: bool) -> String {
    let is_counted = is_first && best(&accepted(headers), &SERVED) == Some(HTML);
    let count = if is_counted { "totalCount" } else { "" };
    format!(
        "list: {field}(first: {PAGE_SIZE}, after: $after, where: $where) {{ \
         nodes {{ jsonLd }} pageInfo {{ hasNextPage endCursor }} {count} }}"
    )
}

/// The nodes of a page, the cursor of the next, and how many nodes there are if they were counted.
struct Listed {
    documents: Vec<serde_json::Value>,
    next: Option<String>,
    total: Option<i64>,
}

async fn list(
    context: &Context,
    query: String,
    mut variables: serde_json::Value,
    wanted: &Wanted,
) -> Result<Listed, Response> {
    let refuse = |message: String| (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response();
    let condition = match &wanted.condition {
        Some(text) => serde_json::from_str::<Map<_, _>>(text)
            .map_err(|error| refuse(format!("where: expected a JSON object: {error}")))?
            .into(),
        None => serde_json::Value::Null,
    };
    variables["after"] = json!(wanted.after);
    variables["where"] = condition;
    let variables = serde_json::from_value(variables).ok();
    let parameters = Parameters { query: Some(query), variables, ..Parameters::default() };
    let prepared = Prepared::parse(&context.documents, parameters).map_err(|refusal| match refusal {
        Refusal::Malformed(message) => refuse(message),
        Refusal::Wrong(error) => refuse(error.message),
    })?;
    let response = request::execute(context, prepared).await;
    if let Some(error) = response.errors.first() {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        let status = match code {
            Some(Value::String(code)) if code == code::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
            Some(Value::String(code)) if code == code::TIMEOUT => StatusCode::GATEWAY_TIMEOUT,
            Some(Value::String(code)) if code == code::FORBIDDEN => StatusCode::FORBIDDEN,
            // The query is ours; the cursor and the condition are the client's.
            _ => StatusCode::BAD_REQUEST,
        };
        return Err((status, format!("{}\n", error.message)).into_response());
    }
    let mut data = response.data.into_json().unwrap_or_default();
    let mut list = match data.pointer_mut("/node/list") {
        Some(list) => list.take(),
        None => data["list"].take(),
    };
    if list.is_null() {
        return Err(not_found());
    }
    let documents = match list["nodes"].take() {
        serde_json::Value::Array(nodes) => nodes.into_iter().map(|mut node| node["jsonLd"].take()).collect(),
        _ => Vec::new(),
    };
    let info = &list["pageInfo"];
    let next = info["hasNextPage"].as_bool().unwrap_or_default().then(|| info["endCursor"].as_str()).flatten();
    Ok(Listed { documents, next: next.map(str::to_owned), total: list["totalCount"].as_i64() })
}

/// A page, as linked data and as HTML.
struct Listing {
    /// The IRI of the list's first page, of all nodes.
    list: String,
    wanted: Wanted,
    title: String,
    /// The node that the page belongs to, its type, and the edge.
    of: Option<(String, &'static str, &'static str)>,
}

impl Listing {
    async fn answer(self, context: &Context, headers: &HeaderMap, listed: Result<Listed, Response>) -> Response {
        let accepted = accepted(headers);
        let Some(media_type) = best(&accepted, &SERVED) else {
            return not_acceptable();
        };
        let Listed { mut documents, next, total } = match listed {
            Ok(listed) => listed,
            Err(response) => return response,
        };
        let next = next.map(|cursor| self.page(Some(cursor)));
        let base = &context.app.base;
        if media_type != HTML {
            for document in &mut documents {
                if let Some(fields) = document.as_object_mut() {
                    fields.remove("@context");
                }
            }
            let graph = self.graph(documents, next);
            let document = json!({ "@context": base.url("context.jsonld"), "@graph": graph });
            return match media_type {
                N_QUADS | N_TRIPLES => in_quads(context, media_type, document).await,
                _ => in_profile(context, &accepted, &document).await,
            };
        }
        let parent = self.of.as_ref().map(|(iri, _, _)| iri.as_str());
        let condition = self.wanted.condition.as_deref();
        page(html::list(base, &List { title: &self.title, parent, condition, total, documents, next }))
    }

    /// The IRI of the page that starts after a cursor.
    fn page(&self, after: Option<String>) -> String {
        let wanted = Wanted { after, ..self.wanted.clone() };
        match serde_urlencoded::to_string(wanted) {
            Ok(parameters) if !parameters.is_empty() => format!("{}?{parameters}", self.list),
            _ => self.list.clone(),
        }
    }

    /// The page, the edges that it shows, and the nodes.
    fn graph(self, documents: Vec<serde_json::Value>, next: Option<String>) -> Vec<serde_json::Value> {
        let iri = self.page(self.wanted.after.clone());
        let mut page = json!({ "@id": iri, "@type": "Page" });
        if let Some(next) = next {
            page["next"] = json!(next);
        }
        let mut graph = Vec::with_capacity(documents.len() + 2);
        if let Some((iri, name, edge)) = self.of {
            page["of"] = json!(iri);
            let ids: Vec<_> = documents.iter().map(|document| document["@id"].clone()).collect();
            graph.push(json!({ "@id": iri, "@type": name, edge: ids }));
        }
        graph.insert(0, page);
        graph.extend(documents);
        graph
    }
}

/// The document in the profile that the client wants most, compacted unless it names another.
async fn in_profile(context: &Context, accepted: &[Accepted], document: &impl Serialize) -> Response {
    let mut wanted: Vec<&Accepted> = accepted.iter().filter(|accepted| accepted.range == MEDIA_TYPE).collect();
    wanted.sort_by(|one, other| other.quality.total_cmp(&one.quality));
    let names = wanted.first().and_then(|wanted| wanted.profile.as_deref()).unwrap_or_default();
    let profile = names.split_whitespace().find_map(Profile::of);
    match write(context, document, profile).await {
        Ok(text) => in_json_ld(text, profile),
        Err(error) => failed(&error.into()),
    }
}

/// The document as N-Quads.
pub async fn in_quads(context: &Context, media_type: &str, document: serde_json::Value) -> Response {
    let url = context.app.base.url("context.jsonld");
    let written = spawn_blocking(move || profile::quads(&document, &url, &context::document(KINDS))).await;
    match written.map_err(anyhow::Error::new).flatten() {
        Ok(text) => linked_data(text, media_type),
        Err(error) => failed(&error.into()),
    }
}

async fn write(context: &Context, document: &impl Serialize, profile: Option<Profile>) -> anyhow::Result<String> {
    let Some(profile) = profile else { return Ok(serde_json::to_string(document)?) };
    let (document, url) = (serde_json::to_value(document)?, context.app.base.url("context.jsonld"));
    spawn_blocking(move || profile::write(&document, &url, &context::document(KINDS), profile)).await?
}

fn kind(collection: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.description.collection == collection)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response()
}

fn failed(failure: &Failure) -> Response {
    match failure {
        Failure::Malformed(message) => (StatusCode::BAD_REQUEST, format!("{message}\n")).into_response(),
        Failure::Forbidden(message) => (StatusCode::FORBIDDEN, format!("{message}\n")).into_response(),
        Failure::Internal(error) => {
            let message = format!("{}\n", incident(&format!("{error:#}")));
            (StatusCode::INTERNAL_SERVER_ERROR, message).into_response()
        }
    }
}

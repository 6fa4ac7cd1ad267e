//! `/graphql`: GraphQL over HTTP, by the specification of that name (draft of 2025-07).

use async_graphql::{Response as GraphqlResponse, parser::types::OperationType};
use axum::{
    body::Bytes,
    extract::{Query, State, WebSocketUpgrade, ws::rejection::WebSocketUpgradeRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::Map;

use super::{
    assets,
    layers::Operation,
    negotiation::{accepted, quality},
    request::{self, IDEMPOTENCY_KEY, Parameters, Prepared, Refusal},
    router::Context,
    sse, websocket,
};
use crate::graphql::{code, coded};

/// The media types of answers.
const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// Answers a query or mutation, opens a stream or a socket, or serves GraphiQL to a browser.
pub async fn graphql(
    State(context): State<Context>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    body: Bytes,
) -> Response {
    // Other protocols may be offered too, and need not be taken up.
    if headers.get(header::UPGRADE).is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket")) {
        return match upgrade {
            Ok(upgrade) => websocket::open(context, &headers, upgrade),
            Err(rejection) => rejection.into_response(),
        };
    }
    let accepted = accepted(&headers);
    let json = quality(&accepted, JSON);
    // Only when it is named: old clients take anything, but understand JSON alone.
    let is_named = |(_, specificity): &(f32, u8)| *specificity == 2;
    let named = quality(&accepted, RESPONSE_JSON).filter(is_named);
    let stream = quality(&accepted, sse::MEDIA_TYPE).filter(is_named);
    // A HEAD is a GET whose body is not wanted.
    let is_get = method != Method::POST;
    if is_get && quality(&accepted, "text/html").is_some_and(|html| json.is_none_or(|json| html > json)) {
        return assets::graphiql();
    }
    let (media_type, wanted) = match (named, json) {
        (Some((named, _)), json) if json.is_none_or(|(json, _)| named >= json) => (RESPONSE_JSON, Some(named)),
        (_, json) => (JSON, json.map(|(json, _)| json)),
    };
    let prefers_stream = stream.is_some_and(|(stream, _)| wanted.is_none_or(|wanted| stream > wanted));
    if wanted.is_none() && !prefers_stream {
        return not_acceptable();
    }
    let parameters = if is_get {
        from_url(&uri)
    } else if is_json(&headers) {
        // By way of a map: an array with the parameters in their order is no request.
        serde_json::from_slice::<Map<_, _>>(&body)
            .and_then(|parameters| serde_json::from_value(parameters.into()))
            .map_err(|error| format!("the body is no JSON object with the parameters of a request: {error}"))
    } else {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, media_type, "send the request as application/json");
    };
    let parameters = parameters.and_then(|parameters| with_idempotency_key(parameters, &headers));
    let prepare = |parameters| Prepared::parse(&context.documents, parameters);
    let prepared = match parameters.map_err(Refusal::Malformed).and_then(prepare) {
        Ok(prepared) => Ok(prepared),
        Err(Refusal::Malformed(message)) => return refuse(StatusCode::BAD_REQUEST, media_type, message),
        Err(Refusal::Wrong(error)) => Err(error),
    };
    let kind = prepared.as_ref().ok().and_then(Prepared::kind);
    if is_get && kind == Some(OperationType::Mutation) {
        let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, media_type, "a mutation cannot be sent by GET");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let is_subscription = kind == Some(OperationType::Subscription);
    if prefers_stream || is_subscription && stream.is_some() {
        return sse::answer(&context, &headers, prepared);
    }
    if is_subscription {
        let message = "a subscription is answered as text/event-stream, which the header Accept must name, or over \
                       a WebSocket with the sub-protocol graphql-transport-ws";
        return refuse(StatusCode::NOT_ACCEPTABLE, media_type, message);
    }
    match prepared.and_then(|prepared| prepared.check(&context.limits).map(|()| prepared)) {
        Ok(prepared) => {
            let name = prepared.logged_name();
            let response = request::execute(&context, prepared).await;
            let errors = response.errors.len();
            let mut response = answer(media_type, response);
            response.extensions_mut().insert(Operation { name, errors });
            response
        }
        Err(error) => answer(media_type, GraphqlResponse::from_errors(vec![error])),
    }
}

/// The header `Idempotency-Key`, where there is one, as the extension that it stands for.
fn with_idempotency_key(mut parameters: Parameters, headers: &HeaderMap) -> Result<Parameters, String> {
    if let Some(key) = headers.get("idempotency-key") {
        let key = key.to_str().map_err(|_| "Idempotency-Key: expected signs of ASCII".to_owned())?;
        parameters.extensions.get_or_insert_default().insert(IDEMPOTENCY_KEY.to_owned(), key.into());
    }
    Ok(parameters)
}

/// Writes an answer with the status that its media type asks for (section 6 of the specification).
fn answer(media_type: &'static str, mut response: GraphqlResponse) -> Response {
    let is_bad_request = request::is_request_error(&response) && media_type == RESPONSE_JSON;
    let status = if is_bad_request { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let headers = [(header::CONTENT_TYPE, media_type), (header::VARY, "Accept, Authorization")];
    (status, headers, request::write(&mut response)).into_response()
}

/// Refuses a request that is no request.
fn refuse(status: StatusCode, media_type: &'static str, message: impl Into<String>) -> Response {
    let mut response = GraphqlResponse::from_errors(vec![coded(message, None, code::BAD_USER_INPUT)]);
    (status, [(header::CONTENT_TYPE, media_type)], request::write(&mut response)).into_response()
}

fn not_acceptable() -> Response {
    let stream = sse::MEDIA_TYPE;
    let offers =
        format!("this URL answers as {RESPONSE_JSON}, {JSON} and {stream}, and to a browser's GET as text/html\n");
    (StatusCode::NOT_ACCEPTABLE, offers).into_response()
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case(JSON))
}

/// Reads the parameters of a GET, two of which are JSON.
fn from_url(uri: &Uri) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|error| format!("the URL's query cannot be read: {error}"))?;
    let object = |name: &str, text: &str| -> Result<Option<Map<_, _>>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        serde_json::from_str(text).map_err(|error| format!("{name}: expected a JSON object: {error}"))
    };
    for (name, value) in pairs {
        match name.as_str() {
            "query" => parameters.query = Some(value),
            "operationName" => parameters.operation_name = Some(value).filter(|name| !name.is_empty()),
            "variables" => parameters.variables = object(&name, &value)?,
            "extensions" => parameters.extensions = object(&name, &value)?,
            _ => {}
        }
    }
    Ok(parameters)
}

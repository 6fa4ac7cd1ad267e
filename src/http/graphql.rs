//! `/graphql`: GraphQL over HTTP, by the specification of that name (draft of 2025-07).

use std::time::Duration;

use async_graphql::{
    Name, Request, Response as GraphqlResponse, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType},
    },
};
use async_graphql_axum::GraphQLResponse;
use axum::{
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use tokio::time::timeout;

use super::{
    assets,
    layers::Operation,
    negotiation::{accepted, quality},
    router::Context,
};
use crate::{
    graphql::{code, coded},
    schema::limits::check_brackets,
};

/// A request may run so long.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The media types of answers.
const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

/// The parameters of a request (section 5 of the specification).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<Map<String, serde_json::Value>>,
    extensions: Option<Map<String, serde_json::Value>>,
}

/// An answer, errors first, as the specification of GraphQL asks for.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

/// Answers a query or mutation, or serves GraphiQL to a browser.
pub async fn graphql(
    State(context): State<Context>,
    method: Method,
    headers: HeaderMap,
    uri: Uri,
    body: Bytes,
) -> Response {
    let accepted = accepted(&headers);
    let json = quality(&accepted, JSON);
    // Only when it is named: old clients take anything, but understand JSON alone.
    let named = quality(&accepted, RESPONSE_JSON).filter(|(_, specificity)| *specificity == 2);
    // A HEAD is a GET whose body is not wanted.
    let is_get = method != Method::POST;
    if is_get && quality(&accepted, "text/html").is_some_and(|html| json.is_none_or(|json| html > json)) {
        return assets::graphiql(&headers);
    }
    let media_type = match (named, json) {
        (Some((named, _)), json) if json.is_none_or(|(json, _)| named >= json) => RESPONSE_JSON,
        (_, Some(_)) => JSON,
        _ => return not_acceptable(),
    };
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
    match parameters {
        Ok(parameters) => execute(&context, is_get, media_type, parameters).await,
        Err(message) => refuse(StatusCode::BAD_REQUEST, media_type, message),
    }
}

async fn execute(context: &Context, is_get: bool, media_type: &'static str, parameters: Parameters) -> Response {
    let Some(query) = parameters.query else {
        return refuse(StatusCode::BAD_REQUEST, media_type, "query: the parameter is missing");
    };
    if has_null_character(&query, parameters.variables.as_ref()) {
        return refuse(StatusCode::BAD_REQUEST, media_type, "a text has the character U+0000, which cannot be stored");
    }
    let variables = parameters.variables.map(serde_json::Value::Object).unwrap_or_default();
    let name = parameters.operation_name;

    let parsed = check_brackets(&query).and_then(|()| check_brackets(&variables.to_string()));
    let document = match parsed.and_then(|()| Ok(parse_query(&query)?)) {
        Ok(document) => document,
        Err(error) => return answer(media_type, GraphqlResponse::from_errors(vec![error])),
    };
    let variables = Variables::from_json(variables);
    let operation = operation(&document, name.as_deref());
    if is_get && operation.is_some_and(|(_, operation)| operation.ty != OperationType::Query) {
        let mut response = refuse(StatusCode::METHOD_NOT_ALLOWED, media_type, "only queries can be sent by GET");
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        return response;
    }
    let checked = operation.map_or(Ok(()), |(_, operation)| check_variables(operation, &variables));
    if let Err(error) = checked.and_then(|()| context.limits.check(&document, &variables)) {
        return answer(media_type, GraphqlResponse::from_errors(vec![error]));
    }

    // What is logged is a name in the document, never any other text that a client sends.
    let logged: String =
        operation.and_then(|(name, _)| name).into_iter().flat_map(|name| name.chars().take(100)).collect();

    let mut request = Request::new(query).variables(variables).data(context.viewer()).data(context.app.reading());
    request.operation_name = name;
    for (key, value) in parameters.extensions.unwrap_or_default() {
        request.extensions.insert(key, Value::from_json(value).unwrap_or_default());
    }
    request.set_parsed_query(document);
    let response = match timeout(TIME_LIMIT, context.schema.execute(request)).await {
        Ok(response) => response,
        Err(_) => {
            let seconds = TIME_LIMIT.as_secs();
            let message = format!("the request took longer than {seconds} seconds");
            GraphqlResponse::from_errors(vec![coded(message, None, code::TIMEOUT)])
        }
    };
    let errors = response.errors.len();
    let mut response = answer(media_type, response);
    response.extensions_mut().insert(Operation { name: logged, errors });
    response
}

/// Checks that every variable has a value that must have one: the library would find out field by field.
fn check_variables(operation: &OperationDefinition, variables: &Variables) -> Result<(), ServerError> {
    for definition in &operation.variable_definitions {
        let (name, kind) = (&definition.node.name.node, &definition.node.var_type.node);
        let is_missing = variables.get(name).is_none_or(|value| *value == Value::Null);
        if !kind.nullable && definition.node.default_value.is_none() && is_missing {
            let message = format!("${name}: the variable of type {kind} has no value");
            return Err(ServerError::new(message, Some(definition.pos)));
        }
    }
    Ok(())
}

/// The operation that would run, with its name, if it can be told.
fn operation<'a>(
    document: &'a ExecutableDocument,
    wanted: Option<&str>,
) -> Option<(Option<&'a str>, &'a OperationDefinition)> {
    let mut operations = document.operations.iter();
    let (name, operation) = match wanted {
        Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name.as_str() == wanted))?,
        None => operations.next().filter(|_| operations.next().is_none())?,
    };
    Some((name.map(Name::as_str), &operation.node))
}

/// Writes an answer with the status that its media type asks for (section 6 of the specification).
fn answer(media_type: &'static str, mut response: GraphqlResponse) -> Response {
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        // What the library refuses by itself is the client's to mend.
        if extensions.get("code").is_none() {
            extensions.set("code", code::BAD_USER_INPUT);
        }
    }
    let mut http = if response.errors.is_empty() {
        GraphQLResponse::from(response).into_response()
    } else {
        // Nothing was executed, so there is no data, not even null.
        let is_request_error = response.data == Value::Null
            && response.errors.iter().all(|error| error.path.is_empty())
            && !has_code(&response, code::TIMEOUT);
        let answer = Answer { errors: &response.errors, data: (!is_request_error).then_some(&response.data) };
        let status =
            if is_request_error && media_type == RESPONSE_JSON { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        (status, axum::Json(answer)).into_response()
    };
    http.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    http.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept, Authorization"));
    http
}

fn has_code(response: &GraphqlResponse, code: &str) -> bool {
    let is_code = |error: &ServerError| {
        error.extensions.as_ref().and_then(|extensions| extensions.get("code")) == Some(&Value::from(code))
    };
    response.errors.iter().any(is_code)
}

/// Refuses a request that is no request.
fn refuse(status: StatusCode, media_type: &'static str, message: impl Into<String>) -> Response {
    let answer = Answer { errors: &[coded(message, None, code::BAD_USER_INPUT)], data: None };
    let mut response = (status, axum::Json(answer)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

fn not_acceptable() -> Response {
    let offers = format!("this URL answers as {RESPONSE_JSON} and {JSON}, and to a browser's GET as text/html\n");
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

/// Whether a text in the request has the character that PostgreSQL cannot hold.
fn has_null_character(query: &str, variables: Option<&Map<String, serde_json::Value>>) -> bool {
    fn held(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::String(text) => text.contains('\0'),
            serde_json::Value::Array(items) => items.iter().any(held),
            serde_json::Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || held(value)),
            _ => false,
        }
    }
    query.contains('\0') || query.contains("\\u0000") || variables.is_some_and(|variables| variables.values().any(held))
}

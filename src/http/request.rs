//! A GraphQL request, whichever way it came: what it must be, how it is executed, and how its result is written.

use std::{sync::Arc, time::Duration};

use async_graphql::{
    Name, Pos, Request, Response, ServerError, Value, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType, Selection},
};
use serde::{Deserialize, Serialize};
use serde_json::Map;
use tokio::time::timeout;

use super::{document::Documents, router::Context};
use crate::{
    failure::{Failure, Outcome},
    graphql::{code, coded},
    idempotency::Claim,
    schema::limits::{Limits, check_brackets},
};

/// A request, or what a subscription answers to one event, may take so long.
pub const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The name of the extension that holds the idempotency key of a request. Over HTTP the header of that name sets it.
pub const IDEMPOTENCY_KEY: &str = "idempotencyKey";

/// The parameters of a request (section 5 of the specification of GraphQL over HTTP).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    pub query: Option<String>,
    pub operation_name: Option<String>,
    pub variables: Option<Map<String, serde_json::Value>>,
    pub extensions: Option<Map<String, serde_json::Value>>,
}

/// Why a request is not executed.
#[derive(Debug)]
pub enum Refusal {
    /// It is no request at all.
    Malformed(String),
    /// It is one, whose document or variables are wrong.
    Wrong(ServerError),
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        Self::Wrong(error)
    }
}

impl From<Refusal> for Vec<ServerError> {
    fn from(refusal: Refusal) -> Self {
        vec![match refusal {
            Refusal::Malformed(message) => coded(message, None, code::BAD_USER_INPUT),
            Refusal::Wrong(error) => error,
        }]
    }
}

/// A request that can be executed, as often as is needed.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The document, as it was sent.
    pub query: String,
    /// Which of its operations to execute.
    pub operation_name: Option<String>,
    /// The values of its variables.
    pub variables: Variables,
    extensions: Map<String, serde_json::Value>,
    document: Arc<ExecutableDocument>,
}

impl Prepared {
    /// Reads the parameters, but checks nothing that depends on the kind of operation.
    ///
    /// # Errors
    /// When there is no document, when it cannot be parsed, or when a text has a character that cannot be stored.
    pub fn parse(documents: &Documents, parameters: Parameters) -> Result<Self, Refusal> {
        let Some(query) = parameters.query else {
            return Err(Refusal::Malformed("query: the parameter is missing".to_owned()));
        };
        if has_null_character(&query, parameters.variables.as_ref()) {
            let message = "a text has the character U+0000, which cannot be stored";
            return Err(Refusal::Malformed(message.to_owned()));
        }
        let variables = parameters.variables.map(serde_json::Value::Object).unwrap_or_default();
        check_brackets(&variables.to_string())?;
        let document = documents.parse(&query)?;
        Ok(Self {
            query,
            operation_name: parameters.operation_name,
            variables: Variables::from_json(variables),
            extensions: parameters.extensions.unwrap_or_default(),
            document,
        })
    }

    /// Checks what the library would not, or too late: variables without a value, and what the query may cost.
    ///
    /// # Errors
    /// When one of them is not as it must be.
    pub fn check(&self, limits: &Limits) -> Result<(), ServerError> {
        if let Some((_, operation)) = self.operation() {
            check_variables(operation, &self.variables)?;
            if operation.ty == OperationType::Subscription {
                check_root(operation)?;
            }
        }
        limits.check(&self.document, &self.variables).map(|_| ())
    }

    /// The kind of the operation, if it can be told which.
    #[must_use]
    pub fn kind(&self) -> Option<OperationType> {
        self.operation().map(|(_, operation)| operation.ty)
    }

    /// The name of the operation for the log, empty if it has none: a name in the document, never any other text that
    /// a client sends.
    #[must_use]
    pub fn logged_name(&self) -> String {
        let name = self.operation().and_then(|(name, _)| name);
        name.into_iter().flat_map(|name| name.chars().take(100)).collect()
    }

    /// The variable that the argument `after` of a subscription takes its value from, if nothing else does.
    #[must_use]
    pub fn variable_of_after(&self) -> Option<String> {
        let (_, operation) = self.operation()?;
        let Selection::Field(field) = &operation.selection_set.node.items.first()?.node else { return None };
        let variable = field.node.get_argument("after")?.node.to_string();
        variable.strip_prefix('$')?;
        let is_end = |rest: &str| !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let uses = self.query.match_indices(&variable).map(|(start, found)| &self.query[start + found.len()..]);
        // Once where it is declared, and once here.
        (uses.filter(|rest| is_end(rest)).count() == 2).then(|| variable[1..].to_owned())
    }

    /// The request as the library executes it, with what every request is answered with.
    #[must_use]
    pub fn into_request(self, context: &Context) -> Request {
        let mut request =
            Request::new(self.query).variables(self.variables).data(context.viewer()).data(context.app.reading());
        request.operation_name = self.operation_name;
        for (key, value) in self.extensions {
            request.extensions.insert(key, Value::from_json(value).unwrap_or_default());
        }
        request.set_parsed_query(Arc::unwrap_or_clone(self.document));
        request
    }

    /// What makes the request take place once: the idempotency key among its extensions, if it is a mutation with one.
    fn claim(&self) -> Outcome<Option<Claim>> {
        let key = match self.extensions.get(IDEMPOTENCY_KEY) {
            Some(serde_json::Value::String(key)) if self.kind() == Some(OperationType::Mutation) => key,
            Some(serde_json::Value::String(_) | serde_json::Value::Null) | None => return Ok(None),
            Some(_) => return Err(Failure::malformed(format!("extensions.{IDEMPOTENCY_KEY}: expected a string"))),
        };
        let variables = serde_json::to_string(&self.variables).map_err(anyhow::Error::new)?;
        let parts = [&self.query, self.operation_name.as_deref().unwrap_or_default(), &variables];
        Claim::new("the idempotency key", key, &parts).map(Some)
    }

    /// The operation that would run, with its name, if it can be told.
    fn operation(&self) -> Option<(Option<&str>, &OperationDefinition)> {
        let mut operations = self.document.operations.iter();
        let (name, operation) = match self.operation_name.as_deref() {
            Some(wanted) => operations.find(|(name, _)| name.is_some_and(|name| name.as_str() == wanted))?,
            None => operations.next().filter(|_| operations.next().is_none())?,
        };
        Some((name.map(Name::as_str), &operation.node))
    }
}

/// Executes a query or a mutation. Mutations with an idempotency key take place once, and are answered alike.
pub async fn execute(context: &Context, prepared: Prepared) -> Response {
    match prepared.claim() {
        Ok(Some(claim)) => execute_once(context, prepared, claim).await,
        Ok(None) => run(context, prepared.into_request(context)).await,
        Err(failure) => refused(failure),
    }
}

async fn execute_once(context: &Context, prepared: Prepared, claim: Claim) -> Response {
    match claim.answer(&context.app).await {
        Ok(Some(data)) => return Response::new(data),
        Ok(None) => {}
        Err(failure) => return refused(failure),
    }
    let response = run(context, prepared.into_request(context).data(claim.clone())).await;
    // An answer with errors is not kept: what took place is found again, and what failed can be tried again.
    if !response.errors.is_empty() {
        // Unless another one with the key was faster.
        return claim.answer(&context.app).await.ok().flatten().map_or(response, Response::new);
    }
    match claim.keep(&context.app, &response.data).await {
        Ok(data) => Response::new(data),
        Err(failure) => {
            // The mutation took place, and would not take place again.
            tracing::warn!(?failure, "an answer could not be kept for its idempotency key");
            response
        }
    }
}

async fn run(context: &Context, request: Request) -> Response {
    match timeout(TIME_LIMIT, context.schema.execute(request)).await {
        Ok(response) => response,
        Err(_) => timed_out(),
    }
}

/// The answer to a request that is not executed.
fn refused(failure: Failure) -> Response {
    let mut error = async_graphql::Error::from(failure).into_server_error(Pos::default());
    // It lies nowhere in the document.
    error.locations.clear();
    Response::from_errors(vec![error])
}

/// The result of what took too long.
#[must_use]
pub fn timed_out() -> Response {
    let message = format!("the request took longer than {} seconds", TIME_LIMIT.as_secs());
    Response::from_errors(vec![coded(message, None, code::TIMEOUT)])
}

/// A result, errors first, as the specification of GraphQL asks for.
#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
}

/// Whether nothing was executed, so that there is no data, not even null.
#[must_use]
pub fn is_request_error(response: &Response) -> bool {
    !response.errors.is_empty()
        && response.data == Value::Null
        && response.errors.iter().all(|error| error.path.is_empty() && !has_code(error, code::TIMEOUT))
}

/// Writes a result as JSON.
#[must_use]
pub fn write(response: &mut Response) -> String {
    explain(&mut response.errors);
    let data = (!is_request_error(response)).then_some(&response.data);
    let answer = Answer { errors: &response.errors, data };
    // Both are made of strings, numbers, lists and maps with strings for keys.
    serde_json::to_string(&answer).unwrap_or_default()
}

/// Gives a code to the errors that have none: what the library refuses by itself is the client's to mend.
pub fn explain(errors: &mut [ServerError]) {
    for error in errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code::BAD_USER_INPUT);
        }
    }
}

/// Whether the error has this code.
#[must_use]
pub fn has_code(error: &ServerError, code: &str) -> bool {
    error.extensions.as_ref().and_then(|extensions| extensions.get("code")) == Some(&Value::from(code))
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

/// Checks that a subscription has one root field (GraphQL, section 5.2.4.1), written outright: the library executes
/// several as several streams, and none in a fragment.
fn check_root(operation: &OperationDefinition) -> Result<(), ServerError> {
    let selection = &operation.selection_set;
    let is_field = |item: &Selection| match item {
        Selection::Field(field) => !field.node.name.node.starts_with("__") && field.node.directives.is_empty(),
        Selection::FragmentSpread(_) | Selection::InlineFragment(_) => false,
    };
    match &selection.node.items[..] {
        [item] if is_field(&item.node) => Ok(()),
        _ => {
            let message = "a subscription has exactly one root field, not in a fragment, without a directive, and not \
                           one of introspection";
            Err(ServerError::new(message, Some(selection.pos)))
        }
    }
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

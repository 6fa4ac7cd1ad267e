//! The contract: what the schema says of itself.

use std::collections::BTreeSet;

use customers::schema;
use serde_json::Value;

use crate::server::Server;

const INTROSPECTION: &str = "{
  __schema {
    types {
      kind name description
      fields { name description args { name description } type { kind } }
      inputFields { name description }
      enumValues { name description }
    }
  }
}";

async fn types(server: &Server) -> Vec<Value> {
    let mut data = server.query(INTROSPECTION).await;
    let Value::Array(types) = data["__schema"]["types"].take() else { panic!("a list of types") };
    types.into_iter().filter(|kind| !text(&kind["name"]).starts_with("__") && kind["name"] != "ID").collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[test]
fn the_file_is_what_the_program_prints() {
    let printed = schema::sdl();

    let file = std::fs::read_to_string("schema.graphql").expect("the file");

    assert!(file == printed, "schema.graphql is not up to date: cargo run -- schema > schema.graphql");
}

#[tokio::test]
async fn introspection_tells_the_types_and_fields_of_the_file() {
    let server = Server::start().await;
    let document = async_graphql::parser::parse_schema(schema::sdl()).expect("a schema");

    let told: BTreeSet<String> = types(&server)
        .await
        .iter()
        .flat_map(|kind| {
            let members = [&kind["fields"], &kind["inputFields"], &kind["enumValues"]].into_iter().flat_map(list);
            members.map(|member| format!("{}.{}", text(&kind["name"]), text(&member["name"]))).collect::<Vec<_>>()
        })
        .collect();

    assert_eq!(told, written(&document));
}

fn written(document: &async_graphql::parser::types::ServiceDocument) -> BTreeSet<String> {
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    let mut written = BTreeSet::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let members: Vec<&str> = match &definition.node.kind {
            TypeKind::Object(kind) => kind.fields.iter().map(|field| field.node.name.node.as_str()).collect(),
            TypeKind::Interface(kind) => kind.fields.iter().map(|field| field.node.name.node.as_str()).collect(),
            TypeKind::InputObject(kind) => kind.fields.iter().map(|field| field.node.name.node.as_str()).collect(),
            TypeKind::Enum(kind) => kind.values.iter().map(|value| value.node.value.node.as_str()).collect(),
            TypeKind::Scalar | TypeKind::Union(_) => Vec::new(),
        };
        written.extend(members.iter().map(|member| format!("{}.{member}", definition.node.name.node)));
    }
    written
}

#[tokio::test]
async fn everything_is_described() {
    let server = Server::start().await;
    let mut silent = Vec::new();

    for kind in types(&server).await {
        let name = text(&kind["name"]);
        if text(&kind["description"]).is_empty() {
            silent.push(name.to_owned());
        }
        for member in [&kind["fields"], &kind["inputFields"], &kind["enumValues"]].into_iter().flat_map(list) {
            if text(&member["description"]).is_empty() {
                silent.push(format!("{name}.{}", text(&member["name"])));
            }
            // What a mutation takes is described by its type.
            let is_input = |argument: &Value| argument["name"] == "input" && name == "Mutation";
            let arguments = list(&member["args"]).iter().filter(|argument| !is_input(argument));
            let arguments = arguments.filter(|argument| text(&argument["description"]).is_empty());
            silent.extend(
                arguments.map(|argument| format!("{name}.{}({})", text(&member["name"]), text(&argument["name"]))),
            );
        }
    }

    assert!(silent.is_empty(), "without a description: {silent:?}");
}

/// What is told of many nodes, or of another time, is no fact about a node that the graph has.
const VIEWS: [&str; 11] = [
    "Analytics",
    "CalendarInterval",
    "Cohort",
    "CohortCell",
    "CountryRevenue",
    "CustomerMetrics",
    "CustomerRevenue",
    "LoyaltyTierInterval",
    "RfmScores",
    "SeriesPoint",
    "Timeframe",
];

/// Roots, lists, answers to mutations, and what the store is set to are how the graph is read and written; they state
/// nothing. Nor does a preview, with its sample, of what is not so yet.
fn is_fact(name: &str) -> bool {
    !["Query", "Mutation", "Subscription", "PageInfo", "Store", "Job", "UserError"].contains(&name)
        && !VIEWS.contains(&name)
        && !["CommunicationSample", "CommunicationSuppression", "SegmentCondition"].contains(&name)
        && !["Connection", "Edge", "Payload", "Count", "Preview", "Settings", "Explanation"]
            .iter()
            .any(|end| name.ends_with(end))
}

#[test]
fn every_type_field_and_value_that_states_something_has_its_iri() {
    use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
    let document = async_graphql::parser::parse_schema(schema::sdl()).expect("a schema");
    let mut without = Vec::new();

    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let name = definition.node.name.node.as_str();
        let members: Vec<(&str, bool)> = match &definition.node.kind {
            TypeKind::Object(kind) if is_fact(name) => kind
                .fields
                .iter()
                .map(|field| (field.node.name.node.as_str(), has_iri(&field.node.directives)))
                .collect(),
            TypeKind::Enum(kind)
                if !name.ends_with("OrderField")
                    && !["OrderDirection", "UserErrorCode"].contains(&name)
                    && !VIEWS.contains(&name) =>
            {
                kind.values
                    .iter()
                    .map(|value| (value.node.value.node.as_str(), has_iri(&value.node.directives)))
                    .collect()
            }
            _ => continue,
        };
        if !has_iri(&definition.node.directives) {
            without.push(name.to_owned());
        }
        without.extend(members.iter().filter(|(_, has)| !has).map(|(member, _)| format!("{name}.{member}")));
        without.retain(|fact| !["Customer.metrics", "LoyaltyMembership.history"].contains(&fact.as_str()));
    }

    assert!(without.is_empty(), "without an IRI: {without:?}");
}

fn has_iri(directives: &[async_graphql::Positioned<async_graphql::parser::types::ConstDirective>]) -> bool {
    directives.iter().any(|directive| directive.node.name.node == "iri")
}

#[tokio::test]
async fn what_can_fail_can_be_null_so_that_it_fails_alone() {
    let server = Server::start().await;

    // A subscription that fails ends: there is nothing beside it.
    for kind in types(&server).await.into_iter().filter(|kind| kind["name"] != "Subscription") {
        for field in list(&kind["fields"]) {
            let can_fail = !list(&field["args"]).is_empty();
            assert!(
                !can_fail || field["type"]["kind"] != "NON_NULL",
                "{}.{} takes arguments, which can be wrong, but cannot be null",
                kind["name"],
                field["name"]
            );
        }
    }
}

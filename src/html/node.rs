//! A node as a page: its JSON-LD document, read by people.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{page, title};
use crate::semantics::{Base, Kind, expand, pages_term};

/// The page of a node.
pub fn node(base: &Base, kind: &Kind, document: &Value) -> Markup {
    let description = &kind.description;
    let iri = document["@id"].as_str().unwrap_or_default();
    let content = html! {
        p.kind { a href=(term(description.class)) title=(description.comment) { (description.name) } }
        h1 { (title(document)) }
        p.iri { a href=(iri) { (iri) } }
        table {
            tbody {
                @if let Some(class) = document["@type"].get(1).and_then(Value::as_str) {
                    tr { th { "type" } td { a href=(term(class)) { (class) } } }
                }
                @for fact in description.facts {
                    @if !document[fact.name].is_null() {
                        tr {
                            th { a href=(term(fact.property)) title=(fact.comment) { (fact.name) } }
                            td { (value(&document[fact.name])) }
                        }
                    }
                }
                @for edge in kind.edges {
                    @if let Some(target) = document[edge.name].as_str() {
                        tr {
                            th { a href=(term(edge.property)) title=(edge.comment) { (edge.name) } }
                            td { a href=(target) { (target.strip_prefix(base.as_str()).unwrap_or(target)) } }
                        }
                    }
                }
            }
        }
        ul.links {
            @for edge in kind.edges.iter().filter(|edge| edge.has_pages) {
                @if let Some(target) = document[pages_term(edge.name)].as_str() {
                    li { a href=(target) title=(edge.comment) { (edge.name) " →" } }
                }
            }
        }
    };
    page(&title(document), Some(document), &content)
}

/// Where a term is explained.
fn term(name: &str) -> String {
    name.strip_prefix("customers:").map_or_else(|| expand(name), |local| format!("/vocab#{local}"))
}

fn value(value: &Value) -> Markup {
    html! {
        @match value {
            Value::String(text) => (text),
            Value::Array(items) => ul { @for item in items { li { (self::value(item)) } } },
            Value::Object(fields) => {
                dl {
                    @for (name, value) in fields.iter().filter(|(name, _)| !name.starts_with('@')) {
                        dt { (name) }
                        dd { (self::value(value)) }
                    }
                }
            }
            other => (other.to_string()),
        }
    }
}

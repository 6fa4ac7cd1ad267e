//! A page of a list of nodes.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{self, page};
use crate::semantics::Base;

/// What a page lists.
pub struct List<'a> {
    /// What the page is called.
    pub title: &'a str,
    /// The node that the list belongs to, if it belongs to one.
    pub parent: Option<&'a str>,
    /// The condition that the nodes fulfil, in JSON.
    pub condition: Option<&'a str>,
    /// How many nodes the whole list has, if they were counted.
    pub total: Option<i64>,
    /// The nodes.
    pub documents: Vec<Value>,
    /// The address of the next page.
    pub next: Option<String>,
}

/// The page of a list.
pub fn list(base: &Base, list: &List) -> Markup {
    let content = html! {
        h1 { (list.title) @if let Some(total) = list.total { " " small.total { (total) } } }
        @if let Some(parent) = list.parent {
            p.iri { "of " a href=(parent) { (parent.strip_prefix(base.as_str()).unwrap_or(parent)) } }
        }
        @if let Some(condition) = list.condition {
            p.iri { "where " code { (condition) } }
        }
        @if list.documents.is_empty() {
            p { "Nothing is listed here." }
        }
        ul.nodes {
            @for document in &list.documents {
                li { a href=(document["@id"].as_str().unwrap_or_default()) { (layout::title(document)) } }
            }
        }
        @if let Some(next) = &list.next {
            p { a rel="next" href=(next) { "Next page →" } }
        }
    };
    page(list.title, None, &content)
}

//! A page of a list of nodes.

use maud::{Markup, html};
use serde_json::Value;

use super::layout::{self, page};
use crate::semantics::Base;

/// The page called `title`, of the node `parent` if it belongs to one.
pub fn list(base: &Base, title: &str, parent: Option<&str>, documents: &[Value], next: Option<&str>) -> Markup {
    let content = html! {
        h1 { (title) }
        @if let Some(parent) = parent {
            p.iri { "of " a href=(parent) { (parent.strip_prefix(base.as_str()).unwrap_or(parent)) } }
        }
        @if documents.is_empty() {
            p { "Nothing is listed here." }
        }
        ul.nodes {
            @for document in documents {
                li { a href=(document["@id"].as_str().unwrap_or_default()) { (layout::title(document)) } }
            }
        }
        @if let Some(next) = next {
            p { a rel="next" href=(next) { "Next page →" } }
        }
    };
    page(title, None, &content)
}

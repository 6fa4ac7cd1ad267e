//! The vocabulary for people.

use maud::{Markup, html};

use super::layout::page;
use crate::semantics::{Base, Kind, vocabulary};

/// The page of all terms that are ours.
pub fn vocabulary(base: &Base, kinds: &[Kind]) -> Markup {
    let terms = vocabulary::terms(kinds);
    let content = html! {
        h1 { "Vocabulary" }
        p {
            "The terms below are ours, in the namespace " code { "https://customers.do/vocab#" }
            "; all others are schema.org's. The "
            a href=(base.url("context.jsonld")) { "context" }
            " reads our documents with both. Ask for " code { "application/ld+json" } " to get this page as data."
        }
        @for (name, term) in &terms {
            section id=(name) {
                h2 { (name) " " small { (term.class) } }
                @for comment in &term.comments { p { (comment) } }
                dl {
                    @if let Some(pattern) = &term.pattern { dt { "pattern" } dd { code { (pattern) } } }
                    @for (label, values) in [("of", &term.domain), ("holds", &term.range), ("is a kind of", &term.parents)] {
                        @if !values.is_empty() {
                            dt { (label) }
                            dd { @for value in values { code { (value) } " " } }
                        }
                    }
                }
            }
        }
    };
    page("Vocabulary", None, &content)
}

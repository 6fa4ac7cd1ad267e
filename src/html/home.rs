//! The front page.

use maud::{Markup, html};

use super::layout::page;
use crate::semantics::Base;

/// The page at `/`, with links to the lists of these collections.
pub fn home(base: &Base, collections: &[&str]) -> Markup {
    let content = html! {
        h1 { "customers" }
        p {
            "A customer graph that front-ends query and data teams read as linked data. "
            "Every node has one IRI: its GraphQL " code { "id" } ", and an address that answers."
        }
        ul.links {
            li { a href="/dashboard" { "Analytics" } ": what customers come to, and what happens to them now" }
            li { a href="/graphql" { "GraphiQL" } ": explore the graph, with examples" }
            li { a href="/vocab" { "Vocabulary" } ": what each term means" }
            li { a href=(base.url("context.jsonld")) { "Context" } ": how documents are read as RDF" }
        }
        h2 { "Lists" }
        ul.links {
            @for collection in collections {
                li { a href={ "/" (collection) } { (collection) } }
            }
        }
    };
    page("A customer graph", None, &content)
}

//! The context: how the terms of our documents are read as RDF. Served at `/context.jsonld`.
//!
//! Terms are scoped by type (JSON-LD 1.1, section 4.1.3), since types use the same field name for different
//! properties; the values of enums are scoped by their property. IRIs are written out, since a field may be called as a
//! prefix is.

use serde_json::{Map, Value, json};

use super::{
    Edge, Fact, Kind, Range,
    iri::{PREFIXES, expand},
    pages_term,
    vocabulary::{PAGE_CLASS, PAGE_OF},
};

/// The media type of JSON-LD, by its registration.
pub const MEDIA_TYPE: &str = "application/ld+json";

/// The context for documents of these kinds of node, and for pages of them.
#[must_use]
pub fn document(kinds: &[Kind]) -> Value {
    let mut context = Map::new();
    context.insert("@version".to_owned(), json!(1.1));
    // Documents written in the `$` style are valid input as they stand.
    context.insert("$id".to_owned(), json!("@id"));
    context.insert("$type".to_owned(), json!("@type"));
    for (prefix, namespace) in PREFIXES {
        context.insert(prefix.to_owned(), json!(namespace));
    }
    for kind in kinds {
        context.insert(kind.description.name.to_owned(), class(kind));
    }
    let page = json!({ "of": reference(PAGE_OF), "next": reference("customers:next") });
    context.insert("Page".to_owned(), json!({ "@id": expand(PAGE_CLASS), "@context": page }));
    json!({ "@context": context })
}

fn class(kind: &Kind) -> Value {
    let mut terms = facts(kind.description.facts);
    terms.extend(facts(kind.figures));
    for edge in kind.edges {
        terms.insert(edge.name.to_owned(), relation(edge));
        if edge.has_pages {
            terms.insert(pages_term(edge.name), reference(&format!("customers:{}", pages_term(edge.name))));
        }
    }
    json!({ "@id": expand(kind.description.class), "@context": terms })
}

fn facts(facts: &[Fact]) -> Map<String, Value> {
    let stated = facts.iter().filter(|fact| fact.property != "rdf:type");
    stated.map(|fact| (fact.name.to_owned(), fact_term(fact))).collect()
}

fn fact_term(fact: &Fact) -> Value {
    let id = expand(fact.property);
    match fact.range {
        Range::Text | Range::Boolean | Range::Integer => json!({ "@id": id }),
        Range::Texts => json!({ "@id": id, "@container": "@list" }),
        Range::Double => json!({ "@id": id, "@type": "xsd:double" }),
        Range::Decimal => json!({ "@id": id, "@type": "xsd:decimal" }),
        Range::Date => json!({ "@id": id, "@type": "xsd:date" }),
        Range::DateTime => json!({ "@id": id, "@type": "xsd:dateTime" }),
        Range::Json => json!({ "@id": id, "@type": "@json" }),
        Range::Terms(_, _, terms) => {
            let values: Map<_, _> = terms.iter().map(|term| (term.name.to_owned(), json!(expand(term.iri)))).collect();
            json!({ "@id": id, "@type": "@vocab", "@context": values })
        }
        Range::Thing(_, _, parts) => json!({ "@id": id, "@context": facts(parts) }),
    }
}

fn relation(edge: &Edge) -> Value {
    let direction = if edge.is_inverse { "@reverse" } else { "@id" };
    json!({ direction: expand(edge.property), "@type": "@id" })
}

fn reference(property: &str) -> Value {
    json!({ "@id": expand(property), "@type": "@id" })
}

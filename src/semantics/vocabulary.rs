//! Our own vocabulary: every term that schema.org does not have, drawn from the descriptions. Served at `/vocab`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    Fact, Kind, Range,
    iri::{CUSTOMERS, PREFIXES},
    pages_term,
};

/// The class of pages of nodes.
pub const PAGE_CLASS: &str = "customers:Page";
/// What all properties that lead to pages are.
pub const PAGE_PROPERTY: &str = "customers:page";
/// The property from a page to the node that it belongs to.
pub const PAGE_OF: &str = "customers:of";

/// A term of the vocabulary.
#[derive(Clone, Debug, Default)]
pub struct Term {
    /// `rdfs:Class`, `rdf:Property`, or the class that it is a value of.
    pub class: String,
    /// What it means; one text for each use that differs.
    pub comments: BTreeSet<String>,
    /// The path that it mirrors, as `$.Customer.placed.Order`.
    pub pattern: Option<String>,
    /// The classes that a property is stated of.
    pub domain: BTreeSet<String>,
    /// What its values are.
    pub range: BTreeSet<String>,
    /// What the term specialises.
    pub parents: BTreeSet<String>,
}

/// The terms that nodes of these kinds use and schema.org does not define, by their names without prefix.
#[must_use]
pub fn terms(kinds: &[Kind]) -> BTreeMap<String, Term> {
    let mut terms = Terms::default();
    terms.class(PAGE_CLASS, "A part of a list of nodes, with a link to the next.", &[]);
    terms.property(PAGE_PROPERTY, "A page that lists nodes related to this one.", &[], PAGE_CLASS);
    terms.property("customers:pattern", "The path through the graph that a term mirrors.", &[], "xsd:string");
    terms.property(PAGE_OF, "The node whose related nodes the page lists.", &[PAGE_CLASS], "rdfs:Resource");
    terms.property("customers:next", "The page that goes on where this one ends.", &[PAGE_CLASS], PAGE_CLASS);
    for kind in kinds {
        terms.kind(kind);
    }
    terms.0
}

/// The vocabulary as a JSON-LD document.
#[must_use]
pub fn document(kinds: &[Kind]) -> Value {
    let mut context: Map<String, Value> =
        PREFIXES.iter().map(|(prefix, namespace)| ((*prefix).to_owned(), json!(namespace))).collect();
    for property in ["subClassOf", "subPropertyOf", "isDefinedBy"] {
        context.insert(property.to_owned(), json!({ "@id": format!("rdfs:{property}"), "@type": "@id" }));
    }
    // A property of several classes: `rdfs:domain` would say that its subject is of all of them.
    for property in ["domainIncludes", "rangeIncludes"] {
        context.insert(property.to_owned(), json!({ "@id": format!("schema:{property}"), "@type": "@id" }));
    }
    for property in ["label", "comment"] {
        context.insert(property.to_owned(), json!({ "@id": format!("rdfs:{property}"), "@language": "en" }));
    }
    context.insert("pattern".to_owned(), json!({ "@id": "customers:pattern" }));
    let graph: Vec<Value> = terms(kinds).iter().map(|(name, term)| entry(name, term)).collect();
    json!({ "@context": context, "@graph": graph })
}

fn entry(name: &str, term: &Term) -> Value {
    let mut entry = Map::new();
    entry.insert("@id".to_owned(), json!(format!("customers:{name}")));
    entry.insert("@type".to_owned(), json!(term.class));
    entry.insert("label".to_owned(), json!(name));
    entry.insert("comment".to_owned(), json!(term.comments));
    entry.insert("isDefinedBy".to_owned(), json!(CUSTOMERS.trim_end_matches('#')));
    if let Some(pattern) = &term.pattern {
        entry.insert("pattern".to_owned(), json!(pattern));
    }
    let parent = if term.class == "rdf:Property" { "subPropertyOf" } else { "subClassOf" };
    for (property, values) in
        [("domainIncludes", &term.domain), ("rangeIncludes", &term.range), (parent, &term.parents)]
    {
        if !values.is_empty() {
            entry.insert(property.to_owned(), json!(values));
        }
    }
    Value::Object(entry)
}

fn once(text: &str) -> BTreeSet<String> {
    BTreeSet::from([text.to_owned()])
}

#[derive(Default)]
struct Terms(BTreeMap<String, Term>);

impl Terms {
    fn kind(&mut self, kind: &Kind) {
        let description = &kind.description;
        // Of several classes each node belongs to one, so that none of them is a parent of the type.
        let parents = if description.class_of.len() == 1 { description.class_of } else { &[] };
        self.class(description.class, description.comment, parents);
        self.facts(description.class, description.facts.iter().chain(kind.figures));
        for edge in kind.edges {
            let (domain, range) =
                if edge.is_inverse { (edge.target, description.class) } else { (description.class, edge.target) };
            self.property(edge.property, edge.comment, &[domain], range);
            if edge.has_pages {
                let name = format!("customers:{}", pages_term(edge.name));
                let comment = format!("The first page of `{}`.", edge.name);
                self.property(&name, &comment, &[description.class], PAGE_CLASS);
                self.parent(&name, PAGE_PROPERTY);
            }
        }
    }

    /// The properties of a class, and what is written in place of their values.
    fn facts<'a>(&mut self, owner: &str, facts: impl IntoIterator<Item = &'a Fact>) {
        for fact in facts {
            let range = match fact.range {
                Range::Text => "xsd:string",
                Range::Texts => "rdf:List",
                Range::Boolean => "xsd:boolean",
                Range::Integer => "xsd:integer",
                Range::Double => "xsd:double",
                Range::Decimal => "xsd:decimal",
                Range::Date => "xsd:date",
                Range::DateTime => "xsd:dateTime",
                Range::Json => "rdf:JSON",
                Range::Thing(class, comment, parts) => {
                    self.class(class, comment, &[]);
                    self.facts(class, parts);
                    class
                }
                Range::Terms(class, comment, values) => {
                    self.class(class, comment, &[]);
                    for value in values {
                        self.add(
                            value.iri,
                            Term { class: class.to_owned(), comments: once(value.comment), ..Term::default() },
                        );
                    }
                    class
                }
            };
            self.property(fact.property, fact.comment, &[owner], range);
        }
    }

    fn class(&mut self, name: &str, comment: &str, parents: &[&str]) {
        self.add(
            name,
            Term {
                class: "rdfs:Class".to_owned(),
                comments: once(comment),
                parents: parents.iter().map(|parent| (*parent).to_owned()).collect(),
                ..Term::default()
            },
        );
    }

    fn property(&mut self, name: &str, comment: &str, domain: &[&str], range: &str) {
        let (comment, pattern) = pattern(comment);
        self.add(
            name,
            Term {
                class: "rdf:Property".to_owned(),
                comments: once(&comment),
                pattern,
                domain: domain.iter().map(|class| (*class).to_owned()).collect(),
                range: std::iter::once(range.to_owned()).collect(),
                ..Term::default()
            },
        );
    }

    fn parent(&mut self, name: &str, parent: &str) {
        if let Some(term) = name.strip_prefix("customers:").and_then(|name| self.0.get_mut(name)) {
            term.parents.insert(parent.to_owned());
        }
    }

    /// Adds a term of ours; what is said of it in several places is put together.
    fn add(&mut self, name: &str, term: Term) {
        let Some(name) = name.strip_prefix("customers:") else {
            return;
        };
        match self.0.get_mut(name) {
            None => {
                self.0.insert(name.to_owned(), term);
            }
            Some(known) => {
                known.comments.extend(term.comments);
                known.domain.extend(term.domain);
                known.range.extend(term.range);
                known.parents.extend(term.parents);
                known.pattern = known.pattern.take().or(term.pattern);
            }
        }
    }
}

/// Parts a comment from the path at its end, `` `$.Customer.placed.Order` ``.
fn pattern(comment: &str) -> (String, Option<String>) {
    match comment.split_once(" `$.") {
        Some((text, path)) => (text.to_owned(), Some(format!("$.{}", path.trim_end_matches('`')))),
        None => (comment.to_owned(), None),
    }
}

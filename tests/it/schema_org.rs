//! Terms of schema.org: each is there, and is used as schema.org defines it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use customers::{schema::node::KINDS, semantics::Range};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

/// schema.org's vocabulary, by the names of its terms.
fn schema_org() -> BTreeMap<String, Value> {
    let file = std::fs::File::open("tests/data/schemaorg/schemaorg-current-https.jsonld.gz").expect("the vocabulary");
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("a text");
    let mut vocabulary: Value = serde_json::from_str(&text).expect("JSON");
    let Value::Array(terms) = vocabulary["@graph"].take() else { panic!("a graph") };
    terms.into_iter().map(|term| (term["@id"].as_str().expect("an id").to_owned(), term)).collect()
}

fn names(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(names).collect(),
        other => other["@id"].as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// The classes that hold an instance of `class`.
fn ancestors(vocabulary: &BTreeMap<String, Value>, class: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([class.to_owned()]);
    let mut open = vec![class.to_owned()];
    while let Some(class) = open.pop() {
        let parents = vocabulary.get(&class).map(|term| names(&term["rdfs:subClassOf"])).unwrap_or_default();
        open.extend(parents.into_iter().filter(|parent| found.insert(parent.clone())));
    }
    found
}

/// Whether a property may be stated of an instance of one of `subjects`, with a value of one of `objects`.
fn assert_fits(vocabulary: &BTreeMap<String, Value>, property: &str, subjects: &[&str], objects: &[&str]) {
    let term = vocabulary.get(property).unwrap_or_else(|| panic!("schema.org has no {property}"));
    let covers = |allowed: &Value, classes: &[&str]| {
        let allowed = names(allowed);
        classes.iter().any(|class| ancestors(vocabulary, class).iter().any(|class| allowed.contains(class)))
    };
    assert!(covers(&term["schema:domainIncludes"], subjects), "{property} is not for {subjects:?}");
    assert!(covers(&term["schema:rangeIncludes"], objects), "{property} does not hold {objects:?}");
}

#[test]
fn terms_of_schema_org_are_used_as_it_defines_them() {
    let vocabulary = schema_org();
    let classes_of = |class: &str| -> Vec<&'static str> {
        let kind = KINDS.iter().find(|kind| kind.description.class == class).expect("a class of ours");
        let description = &kind.description;
        let own = description.class.starts_with("schema:").then_some(description.class);
        // Whatever it is, it is a thing.
        description.class_of.iter().copied().chain(own).chain(["schema:Thing"]).collect()
    };

    for kind in KINDS {
        let subjects = classes_of(kind.description.class);
        assert!(subjects.iter().all(|class| vocabulary.contains_key(*class)), "{subjects:?}");
        for fact in kind.description.facts.iter().filter(|fact| fact.property.starts_with("schema:")) {
            let objects: Vec<&str> = match fact.range {
                Range::Text | Range::Texts => vec!["schema:Text"],
                Range::Boolean => vec!["schema:Boolean"],
                Range::Integer | Range::Double | Range::Decimal => vec!["schema:Number"],
                Range::Date => vec!["schema:Date"],
                Range::DateTime => vec!["schema:DateTime"],
                Range::Json => vec![],
                Range::Terms(class, ..) | Range::Thing(class, ..) => vec![class],
            };
            assert_fits(&vocabulary, fact.property, &subjects, &objects);
        }
        for edge in kind.edges.iter().filter(|edge| edge.property.starts_with("schema:")) {
            let targets = classes_of(edge.target);
            let (from, to) = if edge.is_inverse { (&targets, &subjects) } else { (&subjects, &targets) };
            assert_fits(&vocabulary, edge.property, from, to);
        }
    }
}

#[test]
fn values_of_enums_are_terms_that_exist() {
    let vocabulary = schema_org();

    for fact in KINDS.iter().flat_map(|kind| kind.description.facts) {
        let Range::Terms(class, _, terms) = fact.range else {
            continue;
        };
        for term in terms.iter().filter(|term| term.iri.starts_with("schema:") && fact.property != "rdf:type") {
            let known = vocabulary.get(term.iri).unwrap_or_else(|| panic!("schema.org has no {}", term.iri));
            assert_eq!(known["@type"], json!(class), "{}", term.iri);
        }
    }
}

//! Nodes as N-Quads (<https://www.w3.org/TR/n-quads/>), all in the default graph, so that they are N-Triples too.
//! Written straight from the struct: the same graph as its JSON-LD document read against the published context.

use std::fmt::Write;

use json_ld::syntax::{Parse, Print, Value as Json};
use oxrdf::{BlankNode, LiteralRef, NamedNodeRef, NamedOrBlankNode, TermRef, TripleRef};
use serde::{Serialize, ser::Error as _};
use serde_json::{Error, Value};

use super::{
    Document, Edge, Fact, Links, Range, Resource, Statements, expand,
    iri::{RDF, XSD},
    pages_term,
};
use crate::store::Record;

/// The media type of N-Quads.
pub const N_QUADS: &str = "application/n-quads";
/// The media type of N-Triples.
pub const N_TRIPLES: &str = "application/n-triples";

impl<T: Record + Resource + Links> Document<'_, T> {
    /// The node as N-Quads.
    ///
    /// # Errors
    /// When a value is none that RDF has.
    pub fn to_quads(&self) -> Result<String, Error> {
        let description = T::DESCRIPTION;
        let iri = self.base.node(description.collection, self.node.key());
        let mut quads =
            Quads { text: String::with_capacity(4096), subject: named(&iri).into_owned().into(), blanks: 0 };
        for class in [description.class].into_iter().chain(self.node.classes()) {
            quads.state(&format!("{RDF}type"), named(&expand(class)));
        }
        self.node.state_facts(&mut quads, self.shows_personal)?;
        self.node.state_edges(&mut quads, self.base)?;
        for edge in T::EDGES.iter().filter(|edge| edge.has_pages) {
            let property = expand(&format!("customers:{}", pages_term(edge.name)));
            quads.state(&property, named(&format!("{iri}/{}", edge.name)));
        }
        Ok(quads.text)
    }
}

/// What is said of a subject, line by line.
struct Quads {
    text: String,
    subject: NamedOrBlankNode,
    /// How many blank nodes have a label.
    blanks: usize,
}

impl Statements for Quads {
    type Error = Error;

    fn fact(&mut self, fact: &'static Fact, value: &impl Serialize) -> Result<(), Error> {
        self.value(&expand(fact.property), fact.range, &serde_json::to_value(value)?)
    }

    fn edge(&mut self, edge: &'static Edge, iri: &str) -> Result<(), Error> {
        let property = expand(edge.property);
        if edge.is_inverse {
            line(&mut self.text, TripleRef::new(named(iri), named(&property), &self.subject));
        } else {
            self.state(&property, named(iri));
        }
        Ok(())
    }
}

impl Quads {
    /// The subject has the property, with this value.
    fn state<'a>(&mut self, property: &str, object: impl Into<TermRef<'a>>) {
        let object: TermRef<'_> = object.into();
        line(&mut self.text, TripleRef::new(&self.subject, named(property), object));
    }

    /// The subject has the property, with what JSON-LD writes as `value`.
    fn value(&mut self, property: &str, range: Range, value: &Value) -> Result<(), Error> {
        match (range, value) {
            (Range::Json, value) => {
                let text = canonical(value)?;
                self.state(property, LiteralRef::new_typed_literal(&text, named(&format!("{RDF}JSON"))));
            }
            (Range::Texts, Value::Array(texts)) => self.list(property, texts)?,
            (_, Value::Array(values)) => {
                for value in values {
                    self.value(property, range, value)?;
                }
            }
            (Range::Thing(_, _, parts), Value::Object(fields)) => {
                let thing = self.blank();
                self.state(property, thing.as_ref());
                let outer = std::mem::replace(&mut self.subject, thing.into());
                if let Some(class) = fields.get("@type").and_then(Value::as_str) {
                    self.state(&format!("{RDF}type"), named(&expand(class)));
                }
                for (part, value) in parts.iter().filter_map(|part| Some((part, fields.get(part.name)?))) {
                    self.value(&expand(part.property), part.range, value)?;
                }
                self.subject = outer;
            }
            (Range::Terms(_, _, terms), Value::String(name)) => {
                let term = terms.iter().find(|term| term.name == name).ok_or_else(|| Error::custom("no such term"))?;
                self.state(property, named(&expand(term.iri)));
            }
            (range, value) => self.literal(property, range, value)?,
        }
        Ok(())
    }

    fn literal(&mut self, property: &str, range: Range, value: &Value) -> Result<(), Error> {
        let number;
        let text = match value {
            Value::String(text) => text,
            Value::Number(value) if matches!(range, Range::Double) => {
                number = canonical_double(value.as_f64().unwrap_or_default());
                &number
            }
            Value::Bool(_) | Value::Number(_) => {
                number = value.to_string();
                &number
            }
            _ => return Err(Error::custom("expected one value")),
        };
        let datatype = match range {
            Range::Boolean => "boolean",
            Range::Integer => "integer",
            Range::Double => "double",
            Range::Decimal => "decimal",
            Range::Date => "date",
            Range::DateTime => "dateTime",
            _ => {
                self.state(property, LiteralRef::new_simple_literal(text));
                return Ok(());
            }
        };
        self.state(property, LiteralRef::new_typed_literal(text, named(&format!("{XSD}{datatype}"))));
        Ok(())
    }

    /// The subject has the property, with a list.
    fn list(&mut self, property: &str, texts: &[Value]) -> Result<(), Error> {
        let (first, rest) = (format!("{RDF}first"), format!("{RDF}rest"));
        let mut cell = self.blank();
        self.state(property, cell.as_ref());
        for (index, text) in texts.iter().enumerate() {
            let text = text.as_str().ok_or_else(|| Error::custom("expected texts"))?;
            let value = LiteralRef::new_simple_literal(text);
            line(&mut self.text, TripleRef::new(&cell, named(&first), value));
            if index + 1 == texts.len() {
                line(&mut self.text, TripleRef::new(&cell, named(&rest), named(&format!("{RDF}nil"))));
            } else {
                let next = self.blank();
                line(&mut self.text, TripleRef::new(&cell, named(&rest), &next));
                cell = next;
            }
        }
        Ok(())
    }

    fn blank(&mut self) -> BlankNode {
        self.blanks += 1;
        BlankNode::new_unchecked(format!("b{}", self.blanks))
    }
}

fn line(text: &mut String, triple: TripleRef<'_>) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{triple} .");
}

/// IRIs of this server and of the vocabularies are absolute by how they are made.
fn named(iri: &str) -> NamedNodeRef<'_> {
    NamedNodeRef::new_unchecked(iri)
}

/// The canonical form of a JSON literal (JSON-LD 1.1, section 8.2; RFC 8785).
fn canonical(value: &Value) -> Result<String, Error> {
    let (mut value, _) = Json::parse_str(&value.to_string()).map_err(Error::custom)?;
    value.canonicalize();
    Ok(value.compact_print().to_string())
}

/// A double as XML Schema writes it, such as `1.5E0`, with as many digits as tell it from all others. JSON-LD 1.1 API,
/// section 8.6, has at most 16 of them, which would not always be the same number.
fn canonical_double(number: f64) -> String {
    let text = format!("{number:E}");
    if text.contains('.') { text } else { text.replace('E', ".0E") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_have_one_spelling() {
        let cases = [
            (1.5, "1.5E0"),
            (0.0, "0.0E0"),
            (100.0, "1.0E2"),
            (0.02, "2.0E-2"),
            (-123.456, "-1.23456E2"),
            (1.158_638_235_918_909_4, "1.1586382359189094E0"),
        ];
        for (number, expected) in cases {
            assert_eq!(canonical_double(number), expected);
        }
    }
}

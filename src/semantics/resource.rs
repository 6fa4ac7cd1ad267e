//! What every node says of itself.

use serde::{Serialize, ser::SerializeMap};
use uuid::Uuid;

use super::{Base, Range};

/// A type of node, as `#[resource]` describes it.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// The GraphQL type and the JSON-LD term.
    pub name: &'static str,
    /// The class, as a prefixed name.
    pub class: &'static str,
    /// The classes of schema.org that its nodes are instances of, one or several by their facts.
    pub class_of: &'static [&'static str],
    /// The first segment of its nodes' IRIs.
    pub collection: &'static str,
    /// What it is.
    pub comment: &'static str,
    /// What its nodes state about themselves.
    pub facts: &'static [Fact],
}

/// A field that holds a value.
#[derive(Clone, Copy, Debug)]
pub struct Fact {
    /// The GraphQL field and the JSON-LD term.
    pub name: &'static str,
    /// The property, as a prefixed name.
    pub property: &'static str,
    /// What its values are.
    pub range: Range,
    /// What it means.
    pub comment: &'static str,
    /// Whether it is personal data.
    pub is_personal: bool,
}

/// A field that leads to other nodes.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The GraphQL field and the JSON-LD term.
    pub name: &'static str,
    /// The property, as a prefixed name.
    pub property: &'static str,
    /// Whether the property leads from the other node to this one.
    pub is_inverse: bool,
    /// Whether the related nodes are listed in pages below the node's IRI.
    pub has_pages: bool,
    /// The class of the other nodes, as a prefixed name.
    pub target: &'static str,
    /// What it means.
    pub comment: &'static str,
}

/// A node's facts. `#[resource]` on the struct implements it.
pub trait Resource {
    /// The type of node.
    const DESCRIPTION: Description;

    /// Classes that the node's facts add, as prefixed names.
    fn classes(&self) -> Vec<&'static str>;

    /// States the facts that have a value.
    ///
    /// # Errors
    /// When the writer fails.
    fn state_facts<W: Statements>(&self, writer: &mut W, shows_personal: bool) -> Result<(), W::Error>;
}

/// What writes down what a node states, one statement after another, in a syntax of linked data.
pub trait Statements {
    /// Why it could not be written.
    type Error;

    /// The node has a value: as JSON-LD writes it.
    ///
    /// # Errors
    /// When the writer fails.
    fn fact(&mut self, fact: &'static Fact, value: &impl Serialize) -> Result<(), Self::Error>;

    /// The node is joined to the node with this IRI.
    ///
    /// # Errors
    /// When the writer fails.
    fn edge(&mut self, edge: &'static Edge, iri: &str) -> Result<(), Self::Error>;
}

/// The members of a JSON-LD document.
impl<M: SerializeMap> Statements for M {
    type Error = M::Error;

    fn fact(&mut self, fact: &'static Fact, value: &impl Serialize) -> Result<(), M::Error> {
        self.serialize_entry(fact.name, value)
    }

    fn edge(&mut self, edge: &'static Edge, iri: &str) -> Result<(), M::Error> {
        self.serialize_entry(edge.name, iri)
    }
}

/// A node's edges. `#[resource]` on the `impl` of the links implements it.
pub trait Links {
    /// The edges.
    const EDGES: &'static [Edge];

    /// Values that take a read of their own, which documents leave out.
    const FIGURES: &'static [Fact];

    /// States the edges that the node's own document has.
    ///
    /// # Errors
    /// When the writer fails.
    fn state_edges<W: Statements>(&self, writer: &mut W, base: &Base) -> Result<(), W::Error>;
}

/// A type of node together with its edges.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The type and its facts.
    pub description: Description,
    /// Its edges.
    pub edges: &'static [Edge],
    /// The values that its documents leave out.
    pub figures: &'static [Fact],
}

impl Kind {
    /// The kind of `T`.
    #[must_use]
    pub const fn of<T: Resource + Links>() -> Self {
        Self { description: T::DESCRIPTION, edges: T::EDGES, figures: T::FIGURES }
    }
}

/// The name of the JSON-LD term that leads to the pages of an edge.
#[must_use]
pub fn pages_term(edge: &str) -> String {
    format!("{edge}Page")
}

/// The key of a node, written in IRIs.
#[must_use]
pub fn parse_key(text: &str) -> Option<Uuid> {
    // One spelling only, so that a node has one IRI.
    Uuid::try_parse(text).ok().filter(|key| key.hyphenated().to_string() == text)
}

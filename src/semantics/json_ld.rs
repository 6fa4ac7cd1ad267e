//! Nodes as JSON-LD 1.1, written straight from the struct against the published context.

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Base, Links, Resource, pages_term};
use crate::store::Record;

/// A node as a JSON-LD document: its types, its facts, the edges it states, and the pages of the others.
///
/// Empty values are left out: in RDF, what is not stated is not known.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a, T> {
    /// The node.
    pub node: &'a T,
    /// Where IRIs begin.
    pub base: &'a Base,
    /// Whether personal data is written.
    pub shows_personal: bool,
}

impl<T: Record + Resource + Links> Serialize for Document<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let description = T::DESCRIPTION;
        let iri = self.base.node(description.collection, self.node.key());
        let mut classes = vec![description.name];
        classes.extend(self.node.classes());

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("@context", &self.base.url("context.jsonld"))?;
        map.serialize_entry("@id", &iri)?;
        map.serialize_entry("@type", &classes)?;
        self.node.state_facts(&mut map, self.shows_personal)?;
        self.node.state_edges(&mut map, self.base)?;
        for edge in T::EDGES.iter().filter(|edge| edge.has_pages) {
            map.serialize_entry(&pages_term(edge.name), &format!("{iri}/{}", edge.name))?;
        }
        map.end()
    }
}

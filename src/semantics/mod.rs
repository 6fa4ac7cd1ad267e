//! The semantic layer: which IRI each thing has, what the terms mean, and how nodes are written as linked data.
//!
//! Everything here is drawn from the descriptions that `#[resource]` and `#[terms]` make of the node structs.

pub mod context;
mod iri;
mod json_ld;
pub mod profile;
mod quads;
mod resource;
pub mod value;
pub mod vocabulary;

pub use iri::{Base, expand};
pub use json_ld::Document;
pub use quads::{N_QUADS, N_TRIPLES};
pub use resource::{Description, Edge, Fact, Kind, Links, Resource, Statements, pages_term, parse_key};
pub use value::Range;

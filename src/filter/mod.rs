//! The one filter language: rules about nodes, as plain values, and their SQL.
//!
//! GraphQL `where` inputs decode into a [`Rule`]; whatever else filters, stores or explains a filter uses the same
//! tree. A [`Subject`] says which expression each field of a rule reads.

mod book;
mod document;
mod explanation;
mod joins;
mod rule;
mod sql;
mod subject;
mod words;

pub use book::{Book, Entry, Reads, Shelf, Unreadable};
pub use explanation::{Condition, Expressions, Finding, Verdicts, conditions, decisive, own_conditions};
pub use joins::join_one;
pub use rule::{Literal, Quantifier, Rule, Test};
pub use sql::{Asked, MOST_TESTS, Scope};
pub use subject::{Edge, Field, Kind, Shape, Subject};

//! Terms: enum values that the vocabulary names.

#![expect(missing_docs, reason = "the directive's macro makes items without any")]

use async_graphql::TypeDirective;

/// The IRI that a type, field or value stands for in linked data. With `inverse`, the field follows the property
/// from object to subject.
#[TypeDirective(
    location = "Object",
    location = "Interface",
    location = "FieldDefinition",
    location = "Enum",
    location = "EnumValue"
)]
pub fn iri(is: String, inverse: Option<bool>) {}

/// One value of an enum, as every face knows it.
#[derive(Clone, Copy, Debug)]
pub struct Description {
    /// The stored string, the GraphQL value and the JSON-LD term.
    pub name: &'static str,
    /// The prefixed name, as `schema:OrderDelivered`.
    pub iri: &'static str,
    /// What it means.
    pub comment: &'static str,
}

/// An enum whose values are terms.
pub trait Term: Copy {
    /// The class of the values, as a prefixed name.
    const CLASS: &'static str;
    /// What the class means.
    const COMMENT: &'static str;
    /// Its values in order of declaration.
    const TERMS: &'static [Description];

    /// The description of this value.
    fn description(self) -> &'static Description;
}

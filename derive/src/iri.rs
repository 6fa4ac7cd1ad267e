//! Prefixed names, expanded when the code is compiled, and what the macros read from attributes.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Error, Expr, ExprLit, Lit, LitStr, Meta, Result};

const PREFIXES: [(&str, &str); 3] = [
    ("schema", "https://schema.org/"),
    ("customers", "https://customers.do/vocab#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
];

/// A property or class as the source names it: `schema:name`, or `^schema:address` when followed backwards.
pub struct Name {
    /// The prefixed name without the caret.
    pub prefixed: String,
    /// The absolute IRI.
    pub iri: String,
    /// Whether the property is followed from object to subject.
    pub is_inverse: bool,
}

impl Name {
    /// Parses a prefixed name; an unknown prefix is an error at the literal.
    pub fn parse(literal: &LitStr) -> Result<Self> {
        let text = literal.value();
        let (is_inverse, prefixed) = match text.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        let (prefix, local) =
            prefixed.split_once(':').ok_or_else(|| Error::new_spanned(literal, "write prefix:name"))?;
        let (_, namespace) = PREFIXES
            .iter()
            .find(|(known, _)| *known == prefix)
            .ok_or_else(|| Error::new_spanned(literal, "the prefix is none of schema, customers, rdf"))?;
        Ok(Self { prefixed: prefixed.to_owned(), iri: format!("{namespace}{local}"), is_inverse })
    }
}

/// Takes the attribute `name` out of `attributes`.
pub fn take(attributes: &mut Vec<Attribute>, name: &str) -> Option<Attribute> {
    let position = attributes.iter().position(|attribute| attribute.path().is_ident(name))?;
    Some(attributes.remove(position))
}

/// The text of the doc comment, its lines joined, or an error at `owner`: a description is required.
pub fn description(attributes: &[Attribute], owner: &impl ToTokens) -> Result<String> {
    let mut text = String::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let Meta::NameValue(value) = &attribute.meta
            && let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &value.value
        {
            let line = line.value();
            let line = line.trim();
            if !text.is_empty() {
                text.push(if line.is_empty() { '\n' } else { ' ' });
            }
            text.push_str(line);
        }
    }
    if text.is_empty() { Err(Error::new_spanned(owner, "a description is missing")) } else { Ok(text) }
}

/// `snake_case` as the `camelCase` that GraphQL and JSON-LD show.
pub fn camel_case(name: &str) -> String {
    let mut words = name.trim_start_matches("r#").split('_');
    let mut result = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        result.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        result.push_str(letters.as_str());
    }
    result
}

/// The expression of an option.
pub fn optional(value: Option<impl ToTokens>) -> TokenStream {
    value.map_or_else(
        || quote::quote!(::core::option::Option::None),
        |value| quote::quote!(::core::option::Option::Some(#value)),
    )
}

/// The directive by which the SDL carries the IRI.
pub fn directive(name: &Name) -> TokenStream {
    let (iri, is_inverse) = (&name.iri, name.is_inverse);
    if is_inverse {
        quote::quote!(directive = ::entity::term::iri::apply(#iri.to_owned(), ::core::option::Option::Some(true)))
    } else {
        quote::quote!(directive = ::entity::term::iri::apply(#iri.to_owned(), ::core::option::Option::None))
    }
}

//! Node IRIs: `{base}/{collection}/{uuid}`.

use uuid::Uuid;

use super::resource::parse_key;
use crate::failure::{Failure, Outcome};

/// The namespace of schema.org.
pub const SCHEMA: &str = "https://schema.org/";
/// The namespace of our own vocabulary.
pub const CUSTOMERS: &str = "https://customers.do/vocab#";
/// The namespace of RDF.
pub const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// The namespace of RDF Schema.
pub const RDFS: &str = "http://www.w3.org/2000/01/rdf-schema#";
/// The namespace of XML Schema datatypes.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// The prefixes of the context, each with its namespace.
pub const PREFIXES: [(&str, &str); 5] =
    [("schema", SCHEMA), ("customers", CUSTOMERS), ("rdf", RDF), ("rdfs", RDFS), ("xsd", XSD)];

/// A prefixed name, such as `schema:name`, as an absolute IRI.
pub fn expand(name: &str) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let namespace = PREFIXES.iter().find(|(known, _)| *known == prefix).map_or("", |(_, namespace)| namespace);
    format!("{namespace}{local}")
}

/// Where the server's IRIs begin. Only keys are stored, so a server can move to another base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    current: String,
    former: Vec<String>,
}

impl Base {
    /// `current` is an absolute `http` or `https` URL; ids made under one of `former` are still understood.
    ///
    /// # Errors
    /// When one of them is no such URL, with a message for the operator.
    pub fn new(current: &str, former: &[String]) -> Result<Self, String> {
        let former = former.iter().map(|url| normal(url)).collect::<Result<_, _>>()?;
        Ok(Self { current: normal(current)?, former })
    }

    /// The base without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.current
    }

    /// The URL of `path`, which has no slash at its start.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.current)
    }

    /// The IRI of a node.
    #[must_use]
    pub fn node(&self, collection: &str, key: Uuid) -> String {
        format!("{}/{collection}/{key}", self.current)
    }

    /// The collection and key that an IRI of this server names.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when it is not an IRI of this server; `argument` is named in the message.
    pub fn parse<'a>(&self, argument: &str, iri: &'a str) -> Outcome<(&'a str, Uuid)> {
        let bases = std::iter::once(&self.current).chain(&self.former);
        bases
            .filter_map(|base| iri.strip_prefix(base.as_str())?.strip_prefix('/'))
            .find_map(|path| {
                let (collection, key) = path.split_once('/')?;
                Some((collection, parse_key(key)?))
            })
            .ok_or_else(|| {
                Failure::malformed(format!(
                    "{argument}: expected the IRI of a node, such as {}",
                    self.node("customers", Uuid::nil())
                ))
            })
    }

    /// The key of a node of `collection`.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when it is not an IRI of this server or names a node of another type.
    pub fn parse_in(&self, argument: &str, iri: &str, collection: &str) -> Outcome<Uuid> {
        match self.parse(argument, iri)? {
            (found, key) if found == collection => Ok(key),
            (found, _) => Err(Failure::malformed(format!(
                "{argument}: expected an IRI of the collection {collection:?}, not of {found:?}"
            ))),
        }
    }
}

fn normal(url: &str) -> Result<String, String> {
    let trimmed = url.trim_end_matches('/');
    let host = trimmed.strip_prefix("http://").or_else(|| trimmed.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['?', '#', ' ']) => Ok(trimmed.to_owned()),
        _ => Err(format!("{url:?} is not an absolute http or https URL such as https://crm.example.org")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Base {
        Base::new("http://127.0.0.1:8000/", &["https://old.example.org/crm".to_owned()]).expect("both are URLs")
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_again(key: u128) {
            let key = Uuid::from_u128(key);
            let iri = base().node("orders", key);

            prop_assert_eq!(base().parse("id", &iri).expect("an IRI of this server"), ("orders", key));
        }

        #[test]
        fn any_other_text_is_refused(text: String) {
            prop_assert!(base().parse("id", &text).is_err());
        }
    }

    #[test]
    fn ids_of_a_former_base_are_understood() {
        let iri = format!("https://old.example.org/crm/customers/{}", Uuid::nil());

        assert_eq!(base().parse_in("id", &iri, "customers").expect("a former IRI"), Uuid::nil());
    }

    #[test]
    fn another_spelling_of_the_key_is_refused() {
        let key = Uuid::max();
        for iri in
            [format!("{}/customers/{}", base().as_str(), key.simple()), base().node("customers", key).to_uppercase()]
        {
            assert!(base().parse("id", &iri).is_err(), "{iri}");
        }
    }
}

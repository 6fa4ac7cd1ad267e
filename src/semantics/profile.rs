//! Documents in the expanded and flattened profiles of JSON-LD, and as N-Quads, by the `json-ld` processor.
//!
//! The processor's loader knows our own context and nothing else: no document makes the server fetch anything.

use std::{collections::HashMap, fmt::Write};

use anyhow::{Context, anyhow};
use futures_util::FutureExt;
use json_ld::{
    IriBuf, JsonLdProcessor, RemoteDocument,
    rdf_types::{RdfDisplay, generator::Blank},
    syntax::{IntoJsonWithContext, Parse, Print, Value},
};

/// A form of JSON-LD that a client can ask for by the media type's `profile` parameter (JSON-LD 1.1, section B).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Without a context: every term an absolute IRI.
    Expanded,
    /// Expanded, and every node on its own.
    Flattened,
}

impl Profile {
    /// The profile that an IRI names. None for the compacted one, which is written by default.
    #[must_use]
    pub fn of(iri: &str) -> Option<Self> {
        [Self::Expanded, Self::Flattened].into_iter().find(|profile| profile.iri() == iri)
    }

    /// The IRI of the profile.
    pub fn iri(self) -> &'static str {
        match self {
            Self::Expanded => "http://www.w3.org/ns/json-ld#expanded",
            Self::Flattened => "http://www.w3.org/ns/json-ld#flattened",
        }
    }
}

/// Writes `document`, which refers to `context` as `context_url`, in `profile`. It computes for some 0.2 ms a node.
///
/// # Errors
/// When the document is no JSON-LD against that context.
pub fn write(
    document: &serde_json::Value,
    context_url: &str,
    context: &serde_json::Value,
    profile: Profile,
) -> anyhow::Result<String> {
    let (document, loader) = (remote(None, document)?, loader(context_url, context)?);
    match profile {
        Profile::Expanded => {
            let expanded = at_once(document.expand(&loader))?.map_err(|error| anyhow!("expansion failed: {error}"))?;
            let objects = expanded.into_iter().map(|object| object.into_json_with(&())).collect();
            Ok(Value::Array(objects).compact_print().to_string())
        }
        Profile::Flattened => {
            let mut blank_nodes = Blank::new();
            let flattened = at_once(document.flatten(&mut blank_nodes, &loader))?;
            let flattened = flattened.map_err(|error| anyhow!("flattening failed: {error}"))?;
            Ok(flattened.compact_print().to_string())
        }
    }
}

/// Writes `document`, which refers to `context` as `context_url`, as N-Quads. It computes for some 0.2 ms a node; one
/// node alone is written by [`super::Document::to_quads`].
///
/// # Errors
/// When the document is no JSON-LD against that context.
pub fn quads(document: &serde_json::Value, context_url: &str, context: &serde_json::Value) -> anyhow::Result<String> {
    let (document, loader) = (remote(None, document)?, loader(context_url, context)?);
    let mut blank_nodes = Blank::new();
    let mut graph = at_once(document.to_rdf(&mut blank_nodes, &loader))?.map_err(|error| anyhow!("no RDF: {error}"))?;
    let mut text = String::new();
    for quad in graph.cloned_quads() {
        writeln!(text, "{} .", quad.rdf_display())?;
    }
    Ok(text)
}

type Remote = RemoteDocument<IriBuf>;

/// A document that is at hand.
fn remote(url: Option<&str>, value: &serde_json::Value) -> anyhow::Result<Remote> {
    let url = url.map(|url| url.to_owned().try_into()).transpose().map_err(|_| anyhow!("a URL is no IRI"))?;
    let (value, _) = Value::parse_str(&value.to_string()).context("JSON that serde wrote was not parsed")?;
    Ok(RemoteDocument::new(url, None, value))
}

/// A loader that knows one context.
fn loader(url: &str, context: &serde_json::Value) -> anyhow::Result<HashMap<IriBuf, Remote>> {
    let context = remote(Some(url), context)?;
    Ok(context.url().cloned().map(|url| (url, context)).into_iter().collect())
}

/// The processor is asynchronous for loaders that wait; ours has everything at hand.
fn at_once<T>(future: impl Future<Output = T>) -> anyhow::Result<T> {
    future.now_or_never().context("the JSON-LD processor waited for something")
}

//! Nodes as N-Quads: the graph that their JSON-LD is, by processors that are not ours.

use std::collections::HashMap;

use customers::{schema::node::KINDS, semantics::context};
use futures_util::FutureExt;
use json_ld::{
    IriBuf, JsonLdProcessor, RemoteDocument,
    rdf_types::{RdfDisplay, generator::Blank},
    syntax::Parse,
};
use oxrdf::{Dataset, dataset::CanonicalizationAlgorithm};
use oxttl::NQuadsParser;
use serde_json::Value;

use crate::{
    linked_data::{samples, seeded},
    server::Server,
};

const N_QUADS: &str = "application/n-quads";

/// The graph that an address answers with, its blank nodes named by what is said of them.
async fn graph(server: &Server, url: &str) -> Dataset {
    let response = server.get(url, N_QUADS).await;
    assert_eq!(response.status(), 200, "{url}");
    assert_eq!(response.headers()["content-type"], N_QUADS);
    parse(&response.text().await.expect("a text"))
}

fn parse(text: &str) -> Dataset {
    let quads = NQuadsParser::new().for_slice(text.as_bytes());
    let mut graph: Dataset = quads.map(|quad| quad.expect("N-Quads")).collect();
    assert_eq!(graph.len(), text.lines().count(), "nothing is said twice");
    graph.canonicalize(CanonicalizationAlgorithm::Unstable);
    graph
}

/// The graph of a JSON-LD document, by a processor that knows the context of the server.
fn graph_of(document: &Value, server: &Server) -> Dataset {
    let parse_json = |value: &Value| json_ld::syntax::Value::parse_str(&value.to_string()).expect("JSON").0;
    let url: IriBuf = server.url("/context.jsonld").try_into().expect("an IRI");
    let context = RemoteDocument::new(Some(url.clone()), None, parse_json(&context::document(KINDS)));
    let loader = HashMap::from([(url, context)]);
    let document: RemoteDocument = RemoteDocument::new(None, None, parse_json(document));
    let mut blank_nodes = Blank::new();
    let mut graph = document.to_rdf(&mut blank_nodes, &loader).now_or_never().expect("no wait").expect("RDF");
    let lines = graph.cloned_quads().map(|quad| format!("{} .\n", quad.rdf_display()));
    parse(&lines.collect::<String>())
}

#[tokio::test]
async fn a_node_is_the_same_graph_in_json_ld_and_in_n_quads() {
    let server = seeded().await;

    for iri in samples(&server).await {
        let document = server.get_json(&iri, "application/ld+json").await;
        assert_eq!(graph(&server, &iri).await, graph_of(&document, &server), "{iri}\n{document:#}");
    }
}

#[tokio::test]
async fn a_page_of_nodes_and_the_vocabulary_are_n_quads_too() {
    let server = seeded().await;
    let customer = server.query("{ customers(first: 1) { nodes { id } } }").await;
    let id = customer["customers"]["nodes"][0]["id"].as_str().expect("an id").to_owned();

    for url in [server.url("/orders"), format!("{id}/orders"), server.url("/vocab")] {
        let document = server.get_json(&url, "application/ld+json").await;
        assert_eq!(graph(&server, &url).await, graph_of(&document, &server), "{url}");
    }
}

#[tokio::test]
async fn whoever_asks_for_n_triples_gets_the_same_lines() {
    let server = Server::demo().await;
    let data = server.query("{ customerBy(key: { externalId: \"ALFKI\" }) { id name } }").await;
    let id = data["customerBy"]["id"].as_str().expect("an id");

    let triples = server.get(id, "application/n-triples, application/ld+json;q=0.9").await;
    assert_eq!(triples.headers()["content-type"], "application/n-triples");
    let triples = triples.text().await.expect("a text");

    assert_eq!(triples, server.get(id, N_QUADS).await.text().await.expect("a text"));
    assert!(triples.contains(&format!("<{id}> <https://schema.org/name> \"Alfreds Futterkiste\" .\n")), "{triples}");
}

//! Nodes as linked data: what is served is JSON-LD that says what it seems to say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use customers::{clock::Clock, progress::Progress, schema::node::KINDS, semantics::context};
use futures_util::FutureExt;
use json_ld::{
    JsonLdProcessor, RemoteDocument,
    syntax::{IntoJsonWithContext, Parse, Print},
};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::{
    job::run,
    post::{MailServer, send_due},
    server::Server,
};

const JSON_LD: &str = "application/ld+json";

/// Expands a document by the processor, which knows the context at `context_url` and nothing else.
fn expand(document: &Value, context_url: &str) -> Value {
    let parse = |value: &Value| json_ld::syntax::Value::parse_str(&value.to_string()).expect("JSON").0;
    let url: iref::IriBuf = context_url.to_owned().try_into().expect("an IRI");
    let mut loader = HashMap::new();
    loader.insert(url.clone(), RemoteDocument::new(Some(url), None, parse(&context::document(KINDS))));
    let document: RemoteDocument = RemoteDocument::new(None, None, parse(document));
    let expanded = document.expand(&loader).now_or_never().expect("nothing to wait for").expect("JSON-LD");
    let objects = expanded.into_iter().map(|object| object.into_json_with(&()));
    let text = json_ld::syntax::Value::Array(objects.collect()).compact_print().to_string();
    serde_json::from_str(&text).expect("JSON")
}

/// How many values a document states: every term of every object, whatever becomes of it.
fn stated(value: &Value, count: &mut BTreeMap<&'static str, usize>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| stated(item, count)),
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| *name != "@context") {
                if name == "customFields" || name.ends_with("customFields") {
                    *count.entry("terms").or_default() += 1;
                    continue;
                }
                if !name.starts_with('@') {
                    *count.entry("terms").or_default() += 1;
                }
                stated(value, count);
            }
        }
        _ => {}
    }
}

/// All IRIs of an expanded document: its terms, ids and types.
fn iris(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| iris(item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "@id" {
                    found.extend(value.as_str().map(str::to_owned));
                } else if name == "@type" {
                    let types = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                    found.extend(
                        types.iter().filter_map(Value::as_str).filter(|kind| *kind != "@json").map(str::to_owned),
                    );
                } else if !name.starts_with('@') {
                    found.insert(name.clone());
                }
                if name != "@value" {
                    iris(value, found);
                }
            }
        }
        _ => {}
    }
}

/// The terms of the objects of an expanded document; several terms may have one IRI.
fn kept(value: &Value, count: &mut usize) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| kept(item, count)),
        Value::Object(fields) => {
            for (name, value) in fields {
                if name == "@value" {
                    continue;
                }
                if !name.starts_with('@') {
                    *count += 1;
                }
                kept(value, count);
            }
        }
        _ => {}
    }
}

/// Asserts that the processor drops nothing of a document, and that no IRI in it is relative.
fn assert_expands(document: &Value, context_url: &str) {
    let expanded = expand(document, context_url);
    let mut terms = BTreeMap::new();
    stated(document, &mut terms);
    let mut properties = 0;
    kept(&expanded, &mut properties);
    assert_eq!(terms.get("terms").copied().unwrap_or_default(), properties, "{document:#}\n{expanded:#}");

    let mut found = BTreeSet::new();
    iris(&expanded, &mut found);
    let relative: Vec<&String> = found.iter().filter(|iri| !iri.starts_with("http")).collect();
    assert!(relative.is_empty(), "{relative:?} in {document:#}");
}

/// Gathers the ids in an answer.
fn ids(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| ids(item, found)),
        Value::Object(fields) => {
            found.extend(fields.get("id").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| ids(value, found));
        }
        _ => {}
    }
}

/// The IRIs of some nodes of every type.
pub async fn samples(server: &Server) -> Vec<String> {
    let query = "{
      customers(first: 40) { nodes {
        id
        addresses { nodes { id } } contacts { nodes { id } } refunds { nodes { id } } segments { nodes { id } }
        communications { nodes { id attempts { nodes { id } } } } consents { nodes { id } } events { nodes { id } }
        loyaltyMemberships { nodes { id program { id } tier { id } } }
        orders(first: 4) { nodes { id items { nodes { id product { id } } } } }
        rfm { id run { id } }
      } }
      lifetimeValueRuns { nodes { id } }
      jobs { lastRun { id } }
    }";
    let data = server.query(query).await;
    let mut found = BTreeSet::new();
    ids(&data, &mut found);
    found.into_iter().collect()
}

/// A server with nodes of every type.
pub async fn seeded() -> Server {
    let server = Server::start().await;
    let options = customers::config::SeedOptions { customers: 40, orders_per_customer: 3, random_seed: 7 };
    customers::seed::run(&server.app, &options, &Progress::silent()).await.expect("synthetic customers");
    let open = server.query("{ orders(first: 1, where: { status: { eq: IN_TRANSIT } }) { nodes { id } } }").await;
    let deliver = "mutation ($id: ID!) { orderDeliver(input: { id: $id }) { userErrors { message } } }";
    let answer = server.answer(deliver, json!({ "id": open["orders"]["nodes"][0]["id"] })).await;
    assert_eq!(answer["data"]["orderDeliver"]["userErrors"], json!([]), "{answer}");
    run(&server, json!({ "name": "RFM" })).await;
    run(&server, json!({ "name": "LTV" })).await;
    // Whoever is new is welcomed, so that there is an attempt.
    let input = json!({ "name": "Jane", "email": "jane@example.com" });
    server.mutate("customerCreate", input, "customer { id }").await;
    let sender = server.replica(Clock::System, MailServer::start().await.post()).await;
    assert!(send_due(&sender).await > 0);
    server
}

#[tokio::test]
async fn every_document_of_a_node_expands_without_loss() {
    let server = seeded().await;
    let context_url = server.url("/context.jsonld");
    let mut collections = BTreeSet::new();

    for iri in samples(&server).await {
        let document = server.get_json(&iri, JSON_LD).await;
        collections.insert(iri.split('/').nth(3).expect("a collection").to_owned());

        assert_eq!(document["@id"], json!(iri));
        assert_eq!(document["@context"], json!(context_url));
        assert_expands(&document, &context_url);
    }

    let all: BTreeSet<String> = KINDS.iter().map(|kind| kind.description.collection.to_owned()).collect();
    assert_eq!(collections, all, "a sample of every type");
}

#[tokio::test]
async fn every_page_of_nodes_expands_without_loss() {
    let server = seeded().await;
    let context_url = server.url("/context.jsonld");
    let mut pages: Vec<String> = ["customers", "orders", "products", "segments", "loyalty-programs", "rfm-runs"]
        .map(|name| server.url(&format!("/{name}")))
        .to_vec();
    for iri in samples(&server).await.iter().step_by(23) {
        let document = server.get_json(iri, JSON_LD).await;
        let fields = document.as_object().expect("an object");
        let links = fields.iter().filter(|(name, _)| name.ends_with("Page"));
        pages.extend(links.filter_map(|(_, url)| url.as_str().map(str::to_owned)));
    }

    for page in pages {
        let document = server.get_json(&page, JSON_LD).await;

        assert_eq!(document["@graph"][0]["@id"], json!(page));
        assert_expands(&document, &context_url);
    }
}

#[tokio::test]
async fn pages_lead_to_one_another_until_the_end() {
    let server = seeded().await;
    let mut url = server.url("/orders");
    let mut orders = BTreeSet::new();
    loop {
        let page = server.get_json(&url, JSON_LD).await;
        assert_eq!(page["@graph"][0]["@id"], json!(url), "each page has its own IRI");
        let graph = page["@graph"].as_array().expect("a graph");
        orders.extend(graph[1..].iter().map(|node| node["@id"].as_str().expect("an id").to_owned()));
        match graph[0]["next"].as_str() {
            Some(next) => url = next.to_owned(),
            None => break,
        }
    }

    let count = server.query("{ orders(first: 0) { totalCount } }").await["orders"]["totalCount"].as_u64();
    assert_eq!(Some(orders.len() as u64), count);
    assert!(orders.len() > 50, "more than one page");
}

#[tokio::test]
async fn the_field_and_the_address_answer_the_same() {
    let server = Server::demo().await;
    let data = server.query("{ customerBy(key: { externalId: \"ALFKI\" }) { id jsonLd } }").await;
    let customer = &data["customerBy"];

    let document = server.get_json(customer["id"].as_str().expect("an id"), JSON_LD).await;

    assert_eq!(customer["jsonLd"], document);
    assert_eq!(document["@type"], json!(["Customer", "schema:Organization"]));
    assert_eq!(document["legalName"], "Alfreds Futterkiste");
}

#[tokio::test]
async fn an_order_states_its_customer_by_the_property_of_schema_org() {
    let server = Server::demo().await;
    let data = server.query("{ orders(first: 1) { nodes { id customer { id } } } }").await;
    let order = &data["orders"]["nodes"][0];

    let document = server.get_json(order["id"].as_str().expect("an id"), JSON_LD).await;
    let expanded = expand(&document, &server.url("/context.jsonld"));

    assert_eq!(expanded[0]["https://schema.org/customer"], json!([{ "@id": order["customer"]["id"] }]));
    assert_eq!(expanded[0]["https://customers.do/vocab#total"][0]["@type"], "http://www.w3.org/2001/XMLSchema#decimal");
}

#[tokio::test]
async fn an_address_states_that_its_customer_has_it() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 1) { nodes { id address { id } } } }").await;
    let customer = &data["customers"]["nodes"][0];

    let document = server.get_json(customer["address"]["id"].as_str().expect("an id"), JSON_LD).await;
    let expanded = expand(&document, &server.url("/context.jsonld"));

    assert_eq!(expanded[0]["@reverse"]["https://schema.org/address"][0]["@id"], customer["id"]);
}

#[tokio::test]
async fn the_profile_asked_for_is_answered() {
    let server = Server::demo().await;
    let data = server.query("{ customers(first: 1) { nodes { id name } } }").await;
    let customer = &data["customers"]["nodes"][0];
    let id = customer["id"].as_str().expect("an id");

    for profile in ["expanded", "flattened"] {
        let accept = format!("{JSON_LD};profile=\"http://www.w3.org/ns/json-ld#{profile}\"");
        let response = server.get(id, &accept).await;
        assert!(response.headers()["content-type"].to_str().expect("a text").contains(profile));
        let document: Value = response.json().await.expect("JSON");

        assert_eq!(document[0]["https://schema.org/name"][0]["@value"], customer["name"], "{profile}");
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_with_the_same_facts_and_links_onward() {
    let server = Server::demo().await;
    let data = server.query("{ customerBy(key: { externalId: \"ALFKI\" }) { id jsonLd } }").await;
    let (id, document) = (&data["customerBy"]["id"], &data["customerBy"]["jsonLd"]);

    let response = server.get(id.as_str().expect("an id"), "text/html,application/xhtml+xml,*/*;q=0.8").await;
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    let page = response.text().await.expect("a page");

    for (name, value) in document.as_object().expect("an object") {
        let shown = match value {
            Value::String(text) if name != "@context" => text.replace('&', "&amp;"),
            Value::Number(number) => number.to_string(),
            _ => continue,
        };
        assert!(page.contains(&shown), "{name}: {shown}");
    }
    assert!(page.contains(&format!("href=\"{}\"", document["ordersPage"].as_str().expect("a page"))));
    assert!(page.contains("application/ld+json"));
}

#[tokio::test]
async fn an_answer_that_the_client_holds_is_not_sent_again() {
    let server = Server::start().await;
    let customer = server.enter("Jane Roe").await;
    let id = customer.as_str().expect("an id");
    let client = Client::new();
    let ask = async |method: Method, url: &str, accept: &str, held: &str| {
        let request = client.request(method, url).header("accept", accept).header("if-none-match", held);
        let response = request.send().await.expect("an answer");
        let tag = response.headers()["etag"].to_str().expect("a tag").to_owned();
        (response.status().as_u16(), tag, response.text().await.expect("a text").len())
    };
    let style = server.url("/assets/page.css");
    let addresses = [(id, "application/ld+json"), (id, "application/n-quads"), (id, "text/html"), (&style, "*/*")];
    let mut tags = BTreeSet::new();
    for (url, accept) in addresses {
        let (status, tag, length) = ask(Method::GET, url, accept, "\"other\"").await;
        assert!(status == 200 && length > 0, "{url} as {accept}");

        assert_eq!(ask(Method::HEAD, url, accept, "").await, (200, tag.clone(), 0), "{url} as {accept}");
        for held in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            assert_eq!(ask(Method::GET, url, accept, &held).await, (304, tag.clone(), 0), "{url} as {accept}, {held}");
        }
        tags.insert(tag);
    }
    assert_eq!(tags.len(), 4, "each form is another answer");

    server.mutate("customerUpdate", json!({ "id": id, "name": "Jane Doe" }), "customer { id }").await;
    for (url, accept) in &addresses[..3] {
        let (status, tag, _) = ask(Method::GET, url, accept, &tags.iter().cloned().collect::<Vec<_>>().join(",")).await;
        assert!(status == 200 && !tags.contains(&tag), "{url} as {accept}");
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_served_is_said() {
    let server = Server::start().await;
    let nil = "00000000-0000-0000-0000-000000000000";

    for path in
        [format!("/customers/{nil}"), "/customers/x".to_owned(), format!("/nothing/{nil}"), "/nothing".to_owned()]
    {
        assert_eq!(server.get(&path, "*/*").await.status(), 404, "{path}");
    }
    assert_eq!(server.get("/customers?after=x", "*/*").await.status(), 400);
    let refused = server.get("/vocab", "image/png").await;
    assert_eq!(refused.status(), 406);
    assert!(refused.text().await.expect("a text").contains(JSON_LD));
}

#[tokio::test]
async fn a_list_takes_a_condition_and_its_pages_keep_it() {
    let server = Server::demo().await;
    let condition = r#"{"totalSpent":{"gte":"100"}}"#;
    let total = server.query("{ customers(where: { totalSpent: { gte: \"100\" } }) { totalCount } }").await;
    let total = total["customers"]["totalCount"].as_u64().expect("a number");

    let mut url = server.url(&format!("/customers?where={condition}"));
    let mut count = 0;
    loop {
        let page = server.get_json(&url, JSON_LD).await;
        let graph = page["@graph"].as_array().expect("a graph");
        assert!(url.contains("after") || graph[0]["@id"].as_str().expect("an IRI").contains("?where=%7B%22total"));
        count += graph.len() as u64 - 1;
        let Some(next) = graph[0]["next"].as_str() else { break };
        next.clone_into(&mut url);
    }
    assert_eq!(count, total);
    assert!(url.contains("after"), "{total} customers are more than a page");

    let page = server.get(&format!("/customers?where={condition}"), "text/html").await.text().await.expect("a page");
    assert!(page.contains(&format!("<small class=\"total\">{total}</small>")) && page.contains("&quot;gte&quot;"));
    let segment = server.query("{ segments(where: { handle: { eq: \"spend-premium\" } }) { nodes { id } } }").await;
    let members = format!("{}/customers", segment["segments"]["nodes"][0]["id"].as_str().expect("an id"));
    let everyone = server.get_json(&format!("{members}?where={condition}"), JSON_LD).await;
    let nobody = server.get_json(&format!("{members}?where={{\"totalSpent\":{{\"lt\":0}}}}"), JSON_LD).await;
    let listed = |page: &Value| page["@graph"].as_array().map_or(0, Vec::len);
    assert!(listed(&everyone) > 40 && listed(&nobody) == 2, "{nobody}");
}

#[tokio::test]
async fn a_condition_that_cannot_be_is_refused_and_lists_nobody() {
    let server = Server::start().await;
    let deep = format!("{}{}", "{\"not\":".repeat(40), "{}".to_owned() + &"}".repeat(40));
    let cases = [
        ("x", "where: expected a JSON object"),
        ("[]", "where: expected a JSON object"),
        ("{\"hats\":{\"gt\":1}}", "hats"),
        ("{\"totalSpent\":{\"gt\":null}}", "isNull"),
        ("{\"name\":{\"eq\":\"\\u0000\"}}", "U+0000"),
        (&deep, "brackets nest"),
    ];

    for (condition, expected) in cases {
        let url = format!("/customers?where={condition}");
        for accept in [JSON_LD, "text/html"] {
            let response = server.get(&url, accept).await;
            assert_eq!(response.status(), 400, "{condition}");
            let message = response.text().await.expect("a text");
            assert!(message.contains(expected), "{condition}: {message}");
        }
    }
}

#[tokio::test]
async fn the_vocabulary_explains_every_term_of_ours() {
    let server = Server::start().await;
    let vocabulary = server.get_json("/vocab", JSON_LD).await;
    assert_expands(&vocabulary, &server.url("/context.jsonld"));
    let entries = vocabulary["@graph"].as_array().expect("a graph");
    let explained: BTreeSet<&str> =
        entries.iter().filter_map(|entry| entry["@id"].as_str()?.strip_prefix("customers:")).collect();

    let context = context::document(KINDS).to_string();
    let used = context.split('"').filter_map(|text| text.strip_prefix("https://customers.do/vocab#"));

    let missing: BTreeSet<&str> = used.filter(|term| !term.is_empty() && !explained.contains(term)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for entry in entries {
        assert!(entry["label"].is_string() && entry["comment"].is_array(), "{entry}");
    }
    let placed =
        entries.iter().any(|entry| entry["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("$.Customer.")));
    assert!(placed, "patterns are told");
}

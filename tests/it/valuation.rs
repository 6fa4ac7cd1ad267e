//! How a store tells what its customers are worth: settled once, told alike everywhere.

use customers::settings;
use serde_json::{Value, json};

use crate::{
    segment_rules::{fields, people, segment, settle},
    server::Server,
};

/// A server whose store has settled this.
async fn valued_at(margin: &str) -> Server {
    let server = Server::start().await;
    let margin = Some(margin.parse().expect("a margin"));
    settings::set_valuation(&server.app.database, margin, None).await.expect("a setting");
    server.restart().await
}

async fn names(server: &Server, arguments: &str) -> Vec<Value> {
    let mut data = server.query(&format!("{{ customers({arguments}) {{ nodes {{ name }} }} }}")).await;
    let nodes = data["customers"]["nodes"].as_array_mut().expect("nodes");
    nodes.iter_mut().map(|node| node["name"].take()).collect()
}

#[tokio::test]
async fn customers_are_worth_the_margin_of_what_they_spent_wherever_it_is_told() {
    let server = valued_at("0.4").await;
    // Jane spent 120.50, John 1200, and the others nothing.
    let [jane, ..] = people(&server).await;
    let worthy = segment(&server, "Worthy", &json!({ "lifetimeValue": { "gte": "48.20", "lt": "100" } })).await;
    settle(&server).await;

    let told = server.customer_fields(&jane, "totalSpent lifetimeValue jsonLd metrics { lifetimeValue }").await;
    assert_eq!((&told["totalSpent"], &told["lifetimeValue"]), (&json!("120.50"), &json!("48.20")));
    assert_eq!(told["metrics"]["lifetimeValue"], "48.20");
    assert_eq!(told["jsonLd"]["lifetimeValue"], "48.20");
    let quads = server.get(jane.as_str().expect("an id"), "application/n-quads").await.text().await.expect("text");
    let quad = "<https://customers.do/vocab#lifetimeValue> \"48.20\"^^";
    assert!(quads.contains(quad), "{quads}");

    let order = "orderBy: { field: LIFETIME_VALUE, direction: DESC }";
    assert_eq!(names(&server, &format!("first: 2, {order}")).await, ["John", "Jane"]);
    let found = names(&server, &format!("{order}, where: {{ lifetimeValue: {{ gte: \"48.20\" }} }}")).await;
    assert_eq!(found, ["John", "Jane"]);
    assert_eq!(names(&server, "where: { lifetimeValue: { gt: \"48.20\" } }").await, ["John"]);
    assert_eq!(names(&server, "where: { lifetimeValue: { eq: \"480\" } }").await, ["John"]);

    let history = fields(&server, &worthy, "history { nodes { decidedBy customer { name } } }").await;
    let decided = ["lifetimeValue < 100 (is 48.20)", "lifetimeValue ≥ 48.20 (is 48.20)"];
    let expected = json!({ "nodes": [{ "decidedBy": decided, "customer": { "name": "Jane" } }] });
    assert_eq!(history["history"], expected);

    // 0.4 · 1320.50 / 4, and 1320.50 / 3
    let analytics = server.query("{ analytics(timeframe: MONTH) { averageLTV averageOrderValue } }").await;
    assert_eq!(analytics["analytics"], json!({ "averageLTV": "132.05", "averageOrderValue": "440.17" }));
    let store = server.query("{ store { marginFactor monthlyDiscount } }").await;
    assert_eq!(store["store"], json!({ "marginFactor": 0.4, "monthlyDiscount": 0.01 }));
}

#[tokio::test]
async fn a_store_that_settles_nothing_takes_all_revenue_and_a_percent_a_month() {
    let server = Server::start().await;
    let [jane, ..] = people(&server).await;

    let store = server.query("{ store { marginFactor monthlyDiscount } }").await;

    assert_eq!(store["store"], json!({ "marginFactor": 1.0, "monthlyDiscount": 0.01 }));
    assert_eq!(server.customer_fields(&jane, "lifetimeValue").await, json!({ "lifetimeValue": "120.50" }));
    assert_eq!(names(&server, "where: { lifetimeValue: { eq: \"120.50\" } }").await, ["Jane"]);
}

//! Nested reads: each level has the nodes that belong to it. What they cost is in `statements`.

use serde_json::Value;

use crate::server::Server;

const NESTED: &str = "{
  customers(first: 20, orderBy: { field: TOTAL_SPENT, direction: DESC }) {
    nodes {
      id
      orders(first: 5) { nodes { id items { nodes { quantity product { name } } } } }
      addresses { nodes { addressLocality } }
      segments { nodes { name } }
      loyaltyTier { name }
    }
  }
}";

fn nodes(list: &Value) -> &[Value] {
    list["nodes"].as_array().expect("nodes")
}

#[tokio::test]
async fn every_level_has_its_nodes() {
    let server = Server::demo().await;

    let data = server.query(NESTED).await;

    let customers = nodes(&data["customers"]);
    assert_eq!(customers.len(), 20);
    assert!(customers.iter().all(|customer| nodes(&customer["orders"]).len() == 5), "all of them ordered five times");
    assert!(customers.iter().all(|customer| customer["loyaltyTier"]["name"].is_string()));
    assert!(customers.iter().all(|customer| !nodes(&customer["segments"]).is_empty()));
}

#[tokio::test]
async fn the_way_back_leads_to_a_node_that_has_the_first_among_its_own() {
    let server = Server::demo().await;

    let data =
        server.query("{ orders(first: 100) { nodes { customer { id orders(first: 2) { totalCount } } } } }").await;

    assert!(nodes(&data["orders"]).iter().all(|order| order["customer"]["orders"]["totalCount"].as_u64() > Some(0)));
}

#[tokio::test]
async fn each_parent_has_the_page_that_it_would_have_alone() {
    let server = Server::demo().await;
    let arguments = "(first: 3, orderBy: { field: TOTAL, direction: DESC }, where: { status: { eq: DELIVERED } })";
    let list = format!("orders{arguments} {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }}");
    let together = server.query(&format!("{{ customers(first: 12) {{ nodes {{ id {list} }} }} }}")).await;

    for customer in nodes(&together["customers"]) {
        let alone = server.query(&format!("{{ customer(id: {}) {{ {list} }} }}", customer["id"])).await;

        assert_eq!(customer["orders"], alone["customer"]["orders"]);
    }
}

#[tokio::test]
async fn pages_below_a_node_join_to_the_whole_list() {
    let server = Server::demo().await;
    let data = server
        .query("{ customers(first: 1, orderBy: { field: TOTAL_ORDERS, direction: DESC }) { nodes { id orders(first: 250) { nodes { id } } } } }")
        .await;
    let customer = &nodes(&data["customers"])[0];
    let whole: Vec<&Value> = nodes(&customer["orders"]).iter().map(|order| &order["id"]).collect();

    let mut joined = Vec::new();
    let mut after = "null".to_owned();
    loop {
        let query = format!(
            "{{ customer(id: {}) {{ orders(first: 4, after: {after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }} }}",
            customer["id"]
        );
        let page = server.query(&query).await["customer"]["orders"].take();
        joined.extend(nodes(&page).iter().map(|order| order["id"].clone()));
        after = page["pageInfo"]["endCursor"].to_string();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }

    assert!(whole.len() > 8, "more than two pages");
    assert_eq!(joined.iter().collect::<Vec<_>>(), whole);
}

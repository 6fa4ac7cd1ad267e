//! Pages by keyset: for every order, in both directions, forwards and backwards.

use serde_json::{Value, json};

use crate::server::Server;

const FIELDS: [&str; 10] = [
    "NAME",
    "EMAIL",
    "CUSTOMER_SINCE",
    "TOTAL_ORDERS",
    "TOTAL_SPENT",
    "FIRST_ORDER_DATE",
    "LAST_ORDER_DATE",
    "LAST_PURCHASE_DATE",
    "CREATED_AT",
    "UPDATED_AT",
];

const QUERY: &str = "query ($first: Int, $after: String, $last: Int, $before: String, $order: CustomerOrderBy) {
  customers(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {
    nodes { id email lastPurchaseDate totalSpent }
    edges { cursor }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}";

async fn page(server: &Server, variables: Value) -> Value {
    let mut answer = server.answer(QUERY, variables).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["customers"].take()
}

fn ids(page: &Value) -> Vec<String> {
    let nodes = page["nodes"].as_array().expect("nodes");
    nodes.iter().map(|node| node["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn pages_join_to_the_whole_list_in_every_order() {
    let server = Server::demo().await;

    for field in FIELDS {
        for direction in ["ASC", "DESC"] {
            let order = json!({ "field": field, "direction": direction });
            let whole = ids(&page(&server, json!({ "first": 250, "order": order })).await);
            assert_eq!(whole.len(), 150, "all customers");

            let mut forwards = Vec::new();
            let mut after = Value::Null;
            loop {
                let page = page(&server, json!({ "first": 40, "after": after, "order": order })).await;
                assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
                forwards.extend(ids(&page));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(forwards, whole, "{field} {direction} forwards");

            let mut backwards = Vec::new();
            let mut before = Value::Null;
            loop {
                let page = page(&server, json!({ "last": 40, "before": before, "order": order })).await;
                backwards.splice(0..0, ids(&page));
                before = page["pageInfo"]["startCursor"].clone();
                if page["pageInfo"]["hasPreviousPage"] == false {
                    break;
                }
            }
            assert_eq!(backwards, whole, "{field} {direction} backwards");
        }
    }
}

#[tokio::test]
async fn what_is_missing_sorts_before_everything() {
    let server = Server::demo().await;

    for (field, name) in [("EMAIL", "email"), ("LAST_PURCHASE_DATE", "lastPurchaseDate")] {
        let order = json!({ "field": field, "direction": "ASC" });
        let page = page(&server, json!({ "first": 250, "order": order })).await;
        let values: Vec<&Value> = page["nodes"].as_array().expect("nodes").iter().map(|node| &node[name]).collect();

        let (missing, present) = values.split_at(values.iter().take_while(|value| value.is_null()).count());

        assert!(!missing.is_empty() && present.iter().all(|value| value.is_string()), "{field}");
        let texts: Vec<&str> = present.iter().filter_map(|value| value.as_str()).collect();
        assert!(texts.is_sorted(), "{field}: {texts:?}");
    }
}

#[tokio::test]
async fn both_ends_can_be_given() {
    let server = Server::demo().await;
    let whole = page(&server, json!({ "first": 250 })).await;
    let cursors: Vec<&Value> = whole["edges"].as_array().expect("edges").iter().map(|edge| &edge["cursor"]).collect();

    let between = page(&server, json!({ "first": 250, "after": cursors[4], "before": cursors[10] })).await;

    assert_eq!(ids(&between), ids(&whole)[5..10]);
    assert_eq!(between["pageInfo"]["hasNextPage"], true);
    assert_eq!(between["pageInfo"]["hasPreviousPage"], true);
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused() {
    let server = Server::demo().await;
    let by_name = page(&server, json!({ "first": 1, "order": { "field": "NAME", "direction": "ASC" } })).await;

    let after = by_name["pageInfo"]["endCursor"].clone();
    let answer = server.answer(QUERY, json!({ "first": 1, "after": after })).await;

    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn the_list_is_counted_only_when_asked() {
    let server = Server::demo().await;
    let before = server.app.database.statements();

    server.query("{ customers(first: 1) { nodes { id } } }").await;
    let uncounted = server.app.database.statements() - before;
    let counted = server.query("{ customers(first: 0) { totalCount nodes { id } } }").await;

    assert_eq!(uncounted, 1);
    assert_eq!(counted["customers"], json!({ "totalCount": 150, "nodes": [] }));
}

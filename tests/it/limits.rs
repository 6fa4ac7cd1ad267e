//! Queries that ask for too much, and input that is meant to break something.

use serde_json::json;

use crate::server::Server;

#[tokio::test]
async fn a_query_that_costs_too_much_is_told_its_cost_and_the_limit() {
    let server = Server::start().await;

    let error =
        server.error("{ customers(first: 250) { nodes { orders(first: 250) { nodes { id total status } } } } }").await;

    assert_eq!(error["extensions"]["code"], "QUERY_TOO_COMPLEX");
    assert_eq!(error["extensions"]["limit"], 100_000);
    assert_eq!(error["extensions"]["cost"], 250_501);
}

#[tokio::test]
async fn a_query_that_is_too_deep_is_told_its_depth() {
    let server = Server::start().await;
    let query = format!(
        "{{ customers {} }}",
        "{ nodes { orders { nodes { customer ".repeat(5) + "{ id }" + &"} } } }".repeat(5)
    );

    let error = server.error(&query).await;

    assert_eq!(error["extensions"]["code"], "QUERY_TOO_COMPLEX");
    assert!(error["extensions"]["depth"].as_u64().expect("a depth") > 16, "{error}");
}

#[tokio::test]
async fn what_is_null_does_not_make_a_query_cheap() {
    let server = Server::start().await;
    let page = "first: null, last: 250";

    let error = server
        .error(&format!("{{ customers({page}) {{ nodes {{ orders({page}) {{ nodes {{ id total }} }} }} }} }}"))
        .await;

    assert_eq!(error["extensions"]["code"], "QUERY_TOO_COMPLEX");
}

#[tokio::test]
async fn many_aliases_are_refused() {
    let server = Server::start().await;
    let aliases = (0..101).fold(String::new(), |text, index| text + &format!("a{index}: __typename "));

    let error = server.error(&format!("{{ {aliases} }}")).await;

    assert_eq!(error["extensions"]["aliases"], 101);
}

#[tokio::test]
async fn a_page_larger_than_allowed_is_refused() {
    let server = Server::start().await;

    for argument in ["first: 251", "last: 251", "first: -1", "first: 1, last: 1"] {
        let error = server.error(&format!("{{ customers({argument}) {{ totalCount }} }}")).await;

        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{argument}");
    }
}

#[tokio::test]
async fn hostile_input_is_refused_and_nothing_fails() {
    let server = Server::start().await;
    let deep = |open: &str, close: &str, levels| open.repeat(levels) + &close.repeat(levels);
    let nots = |levels| (0..levels).fold(json!({}), |rule, _| json!({ "not": rule }));
    let cases = [
        ("{".repeat(20_000), json!({})),
        (format!("{{ customers(where: {{ and: {} }}) {{ totalCount }} }}", deep("[{ and: ", " }]", 5_000)), json!({})),
        (format!("{{ customers(search: \"{}\") {{ totalCount }} }}", "x".repeat(200_000)), json!({})),
        ("query ($w: CustomerWhere) { customers(where: $w) { totalCount } }".to_owned(), json!({ "w": nots(90) })),
        ("query ($w: CustomerWhere) { customers(where: $w) { totalCount } }".to_owned(), json!({ "w": nots(30) })),
        ("{ customers(after: \"WzEsMiwzXQ\") { totalCount } }".to_owned(), json!({})),
        ("{ customers(where: { totalSpent: { gt: \"1e400\" } }) { totalCount } }".to_owned(), json!({})),
        ("{ customers(where: { totalSpent: { gt: \"0.0001\" } }) { totalCount } }".to_owned(), json!({})),
        ("{ customers(where: { lastPurchaseDate: { gte: { ago: \"-P1D\" } } }) { totalCount } }".to_owned(), json!({})),
        ("{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(), json!({})),
        ("\u{feff}{ customers(search: \"\") { totalCount } }".to_owned(), json!({})),
    ];

    for (query, variables) in cases {
        let answer = server.answer(&query, variables).await;

        let start: String = query.chars().take(60).collect();
        let code = &answer["errors"][0]["extensions"]["code"];
        assert!(
            code == "BAD_USER_INPUT" || code == "QUERY_TOO_COMPLEX" || answer["errors"].is_null(),
            "{start}: {answer}"
        );
    }
    assert_eq!(server.query("{ __typename }").await["__typename"], "Query");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start().await;

    let body = json!({ "query": format!("{{ __typename }} # {}", "x".repeat(3_000_000)) }).to_string();
    let request = reqwest::Client::new().post(server.url("/graphql")).header("content-type", "application/json");
    let response = request.body(body).send().await.expect("an answer");

    assert_eq!(response.status(), 413);
}

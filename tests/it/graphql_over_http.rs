//! The rules of the GraphQL-over-HTTP specification, those that the audits of the npm package `graphql-http` check
//! among them: `scripts/audit` runs the audits themselves.

use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{ACCEPT, CONTENT_TYPE},
};
use serde_json::{Value, json};

use crate::server::Server;

const RESPONSE_JSON: &str = "application/graphql-response+json";
const JSON: &str = "application/json";

fn post(server: &Server, accept: Option<&str>, body: &impl ToString) -> RequestBuilder {
    let request = Client::new().post(server.url("/graphql")).header(CONTENT_TYPE, JSON).body(body.to_string());
    accept.into_iter().fold(request, |request, accept| request.header(ACCEPT, accept))
}

fn get(server: &Server, accept: &str, parameters: &[(&str, &str)]) -> RequestBuilder {
    let url = reqwest::Url::parse_with_params(&server.url("/graphql"), parameters).expect("a URL");
    Client::new().get(url).header(ACCEPT, accept)
}

async fn send(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

fn media_type(response: &Response) -> &str {
    response.headers()[CONTENT_TYPE].to_str().expect("a media type")
}

#[tokio::test]
async fn the_media_type_is_the_one_asked_for() {
    let server = Server::start().await;
    let cases = [
        (None, JSON),
        (Some("*/*"), JSON),
        (Some("application/*"), JSON),
        (Some(JSON), JSON),
        (Some("application/json; charset=utf-8"), JSON),
        (Some(RESPONSE_JSON), RESPONSE_JSON),
        (Some("application/graphql-response+json; charset=utf-8, application/json;q=0.9"), RESPONSE_JSON),
        (Some("application/json, application/graphql-response+json;q=0.5"), JSON),
        (Some("application/json, multipart/mixed"), JSON),
    ];

    for (accept, expected) in cases {
        let response = send(post(&server, accept, &json!({ "query": "{ __typename }" }))).await;

        assert_eq!(response.status(), 200, "{accept:?}");
        assert_eq!(media_type(&response), expected, "{accept:?}");
        assert_eq!(response.json::<Value>().await.expect("JSON"), json!({ "data": { "__typename": "Query" } }));
    }
}

#[tokio::test]
async fn a_media_type_that_is_not_served_is_refused_with_those_that_are() {
    let server = Server::start().await;

    let response = send(post(&server, Some("image/png"), &json!({ "query": "{ __typename }" }))).await;

    assert_eq!(response.status(), 406);
    assert!(response.text().await.expect("a text").contains(RESPONSE_JSON));
}

#[tokio::test]
async fn a_query_can_be_sent_by_get() {
    let server = Server::start().await;
    let parameters = [
        ("query", "query A($kind: String!) { __type(name: $kind) { name } } query B { __typename }"),
        ("operationName", "A"),
        ("variables", r#"{"kind":"Customer"}"#),
        ("extensions", r#"{"a":1}"#),
    ];

    for accept in [JSON, RESPONSE_JSON, "*/*"] {
        let response = send(get(&server, accept, &parameters)).await;

        assert_eq!(response.status(), 200, "{accept}");
        let answer: Value = response.json().await.expect("JSON");
        assert_eq!(answer, json!({ "data": { "__type": { "name": "Customer" } } }));
    }
}

#[tokio::test]
async fn another_protocol_that_is_offered_is_not_taken_up() {
    let server = Server::start().await;

    let request = post(&server, Some(JSON), &json!({ "query": "{ __typename }" }));
    let response = send(request.header("connection", "upgrade").header("upgrade", "h2c")).await;

    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn a_mutation_cannot_be_sent_by_get() {
    let server = Server::start().await;

    for accept in [JSON, RESPONSE_JSON] {
        let response = send(get(&server, accept, &[("query", "mutation { __typename }")])).await;

        assert_eq!(response.status(), 405, "{accept}");
        assert_eq!(response.headers()["allow"], "POST");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let server = Server::start().await;

    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let response = send(Client::new().request(method.clone(), server.url("/graphql"))).await;

        assert_eq!(response.status(), 405, "{method}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_by_its_type_is_refused() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }" }).to_string();

    for content_type in [None, Some("text/plain"), Some("application/x-www-form-urlencoded")] {
        let request = Client::new().post(server.url("/graphql")).body(body.clone());
        let request = content_type.into_iter().fold(request, |request, kind| request.header(CONTENT_TYPE, kind));

        assert_eq!(send(request).await.status(), 415, "{content_type:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_malformed_is_answered_with_400_whatever_the_media_type() {
    let server = Server::start().await;
    let bodies = [
        "not json".to_owned(),
        "\"a string\"".to_owned(),
        "[]".to_owned(),
        json!(["{ __typename }", null, null, null]).to_string(),
        "{}".to_owned(),
        json!({ "qeury": "{ __typename }" }).to_string(),
        json!({ "query": { "a": 1 } }).to_string(),
        json!({ "query": 0 }).to_string(),
        json!({ "query": false }).to_string(),
        json!({ "query": ["array"] }).to_string(),
        json!({ "query": "{ __typename }", "operationName": 7 }).to_string(),
        json!({ "query": "{ __typename }", "operationName": ["a"] }).to_string(),
        json!({ "query": "{ __typename }", "variables": "text" }).to_string(),
        json!({ "query": "{ __typename }", "variables": [1] }).to_string(),
        json!({ "query": "{ __typename }", "extensions": 0 }).to_string(),
        json!({ "query": "{ __typename }", "extensions": "text" }).to_string(),
    ];

    for body in bodies {
        for accept in [JSON, RESPONSE_JSON] {
            let response = send(post(&server, Some(accept), &body)).await;

            assert_eq!(response.status(), 400, "{accept}: {body}");
            let answer: Value = response.json().await.expect("JSON");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}");
            assert!(answer.get("data").is_none(), "{body}");
        }
    }
}

#[tokio::test]
async fn parameters_that_are_null_count_as_absent() {
    let server = Server::start().await;
    let body = json!({ "query": "{ __typename }", "operationName": null, "variables": null, "extensions": null });

    for accept in [JSON, RESPONSE_JSON] {
        assert_eq!(send(post(&server, Some(accept), &body)).await.status(), 200, "{accept}");
    }
}

#[tokio::test]
async fn a_document_that_is_wrong_has_no_data_and_the_status_of_its_media_type() {
    let server = Server::start().await;
    let bodies = [
        json!({ "query": "{" }),
        json!({ "query": "{ nothing }" }),
        json!({ "query": "query ($id: ID!) { customer(id: $id) { id } }" }),
        json!({ "query": "query ($id: ID!) { customer(id: $id) { id } }", "variables": { "id": {} } }),
        json!({ "query": "query A { __typename } query B { __typename }" }),
        json!({ "query": "query A { __typename }", "operationName": "B" }),
    ];

    for body in bodies {
        for (accept, status) in [(JSON, 200), (RESPONSE_JSON, 400)] {
            let response = send(post(&server, Some(accept), &body)).await;

            assert_eq!(response.status(), status, "{accept}: {body}");
            assert_eq!(media_type(&response), accept);
            let answer: Value = response.json().await.expect("JSON");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{body}");
            assert!(answer.get("data").is_none(), "{body}");
        }
    }
}

#[tokio::test]
async fn a_field_that_fails_is_null_beside_the_others_and_its_error_comes_first() {
    let server = Server::start().await;
    let body = json!({ "query": r#"{ customer(id: "no iri") { id } __typename }"# });

    let response = send(post(&server, Some(RESPONSE_JSON), &body)).await;

    assert_eq!(response.status(), 200);
    let text = response.text().await.expect("a text");
    assert!(text.starts_with(r#"{"errors":"#), "{text}");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["data"], json!({ "customer": null, "__typename": "Query" }));
    assert_eq!(answer["errors"][0]["path"], json!(["customer"]));
}

#[tokio::test]
async fn a_text_that_no_database_holds_is_refused() {
    let server = Server::start().await;
    let bodies = [
        json!({ "query": "query ($s: String) { customers(search: $s) { totalCount } }", "variables": { "s": "a\u{0}b" } }),
        json!({ "query": "{ customers(search: \"a\\u0000b\") { totalCount } }" }),
    ];

    for body in bodies {
        assert_eq!(send(post(&server, Some(JSON), &body)).await.status(), 400, "{body}");
    }
}

#[tokio::test]
async fn a_foreign_host_is_refused() {
    let server = Server::start().await;

    let request = Client::new().get(server.url("/health/live")).header("host", "customers.example.org");

    assert_eq!(send(request).await.status(), 421);
}

#[tokio::test]
async fn a_head_is_answered_as_a_get_and_mutates_nothing() {
    let server = Server::start().await;
    let head = |query: &str| {
        let url = reqwest::Url::parse_with_params(&server.url("/graphql"), [("query", query)]).expect("a URL");
        Client::new().head(url).header(ACCEPT, JSON)
    };

    assert_eq!(send(head("{ __typename }")).await.status(), 200);
    assert_eq!(send(head("mutation { __typename }")).await.status(), 405);
}

#[tokio::test]
async fn caches_are_told_what_the_answer_depends_on() {
    let server = Server::start().await;

    for accept in [JSON, "text/html"] {
        let response = send(get(&server, accept, &[("query", "{ __typename }")])).await;

        assert!(response.headers()["vary"].to_str().expect("a text").contains("Accept"), "{accept}");
    }
}

//! Finding customers by part of what they are known by.

use serde_json::json;

use crate::server::Server;

async fn found(server: &Server, text: &str) -> Vec<String> {
    let query = "query ($text: String) { customers(search: $text, orderBy: { field: NAME, direction: ASC }) { nodes { name } } }";
    let answer = server.answer(query, json!({ "text": text })).await;
    let nodes = answer["data"]["customers"]["nodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn customers_are_found_by_any_part_of_what_they_are_known_by() {
    let server = Server::demo().await;
    let cases = [
        ("muñoz", "Enrique Muñoz"),
        ("MUNOZ", "Enrique Muñoz"),
        ("ique mu", "Enrique Muñoz"),
        ("luisg@EMBRAER", "Luís Gonçalves"),
        ("(5) 555-4729", "Ana Trujillo Emparedados y helados"),
        ("55554729", "Ana Trujillo Emparedados y helados"),
        ("ALFKI", "Alfreds Futterkiste"),
    ];

    for (text, expected) in cases {
        assert_eq!(found(&server, text).await, [expected], "{text}");
    }
}

#[tokio::test]
async fn one_or_two_letters_find_what_begins_with_them() {
    let server = Server::demo().await;

    let names = found(&server, "qu").await;

    assert!(names.contains(&"QUICK-Stop".to_owned()), "{names:?}");
    assert!(names.iter().all(|name| name.to_lowercase().starts_with("qu")), "{names:?}");
}

#[tokio::test]
async fn signs_of_the_search_language_mean_themselves() {
    let server = Server::demo().await;

    for text in ["%%%", "___", "\"\"\"", "a* OR b", "NEAR(a b)", "'; drop", "\\\\\\"] {
        assert_eq!(found(&server, text).await, Vec::<String>::new(), "{text}");
    }
}

#[tokio::test]
async fn an_empty_search_is_refused() {
    let server = Server::start().await;

    let error = server.error("{ customers(search: \"  \") { totalCount } }").await;

    assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
}

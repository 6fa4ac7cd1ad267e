//! Conditions on the store's own facts about customers.

use customers::job::settling;
use serde_json::{Value, json};

use crate::server::Server;

/// Customers and their facts: of each type, of others than asked for, null, and none at all.
async fn people(server: &Server) {
    let people = [
        ("Ada", json!({ "size": 36, "colour": "red", "member": true, "shoe size": 7.5, "Größe": "L" })),
        ("Ben", json!({ "size": 38.5, "colour": "dark red", "member": false, "note": null })),
        ("Cleo", json!({ "size": "36", "colour": ["red"], "member": "true", "a.b": 1, "a": { "b": 2 } })),
        ("Dan", json!({ "size": -1, "colour": "Red", "member": 1, "it's 100%_[0]?": "x" })),
        ("Eve", Value::Null),
    ];
    for (name, custom_fields) in people {
        let input = json!({ "name": name, "customFields": custom_fields });
        server.mutate("customerCreate", input, "customer { id }").await;
    }
}

async fn names(server: &Server, filter: &Value) -> String {
    let query = "query ($where: CustomerWhere) {
      customers(first: 250, where: $where, orderBy: { field: NAME }) { nodes { name } }
    }";
    let answer = server.answer(query, json!({ "where": filter })).await;
    let nodes = answer["data"]["customers"]["nodes"].as_array();
    let nodes = nodes.unwrap_or_else(|| panic!("{filter}: {answer}"));
    nodes.iter().map(|node| node["name"].as_str().expect("a name")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn members_are_compared_as_what_they_are_and_missing_else() {
    let server = Server::start().await;
    people(&server).await;
    let cases = [
        (json!({ "name": "colour", "text": { "eq": "red" } }), "Ada"),
        (json!({ "name": "colour", "text": { "ne": "red" } }), "Ben Cleo Dan Eve"),
        (json!({ "name": "colour", "text": { "in": ["red", "Red"] } }), "Ada Dan"),
        (json!({ "name": "colour", "text": { "notIn": ["red", "Red"] } }), "Ben Cleo Eve"),
        (json!({ "name": "colour", "text": { "contains": "red" } }), "Ada Ben"),
        (json!({ "name": "colour", "text": { "startsWith": "dark" } }), "Ben"),
        (json!({ "name": "colour", "text": { "isNull": true } }), "Cleo Eve"),
        (json!({ "name": "colour", "text": { "contains": "red", "ne": "red" } }), "Ben"),
        (json!({ "name": "size", "text": { "eq": "36" } }), "Cleo"),
        (json!({ "name": "size", "number": { "eq": 36 } }), "Ada"),
        (json!({ "name": "size", "number": { "ne": 36 } }), "Ben Cleo Dan Eve"),
        (json!({ "name": "size", "number": { "in": [36, 38.5] } }), "Ada Ben"),
        (json!({ "name": "size", "number": { "notIn": [36, 38.5] } }), "Cleo Dan Eve"),
        (json!({ "name": "size", "number": { "gt": 36 } }), "Ben"),
        (json!({ "name": "size", "number": { "gte": 36 } }), "Ada Ben"),
        (json!({ "name": "size", "number": { "lt": 36 } }), "Dan"),
        (json!({ "name": "size", "number": { "lte": 36 } }), "Ada Dan"),
        (json!({ "name": "size", "number": { "between": { "from": -1, "to": 36 } } }), "Ada Dan"),
        (json!({ "name": "size", "number": { "isNull": false } }), "Ada Ben Dan"),
        (json!({ "name": "size", "number": { "isNull": true }, "isNull": false }), "Cleo"),
        (json!({ "name": "member", "boolean": { "eq": true } }), "Ada"),
        (json!({ "name": "member", "boolean": { "eq": false } }), "Ben"),
        (json!({ "name": "member", "boolean": { "ne": true } }), "Ben Cleo Dan Eve"),
        (json!({ "name": "colour", "isNull": false }), "Ada Ben Cleo Dan"),
        (json!({ "name": "colour", "isNull": true }), "Eve"),
        (json!({ "name": "note", "isNull": true }), "Ada Ben Cleo Dan Eve"),
        (json!({ "name": "shoe size", "number": { "eq": 7.5 } }), "Ada"),
        (json!({ "name": "Größe", "text": { "eq": "L" } }), "Ada"),
        (json!({ "name": "größe", "text": { "eq": "L" } }), ""),
        (json!({ "name": "a.b", "number": { "gt": 0 } }), "Cleo"),
        (json!({ "name": "a", "isNull": false }), "Cleo"),
        (json!({ "name": "it's 100%_[0]?", "text": { "eq": "x" } }), "Dan"),
        (json!({ "name": "nobody has this", "number": { "gte": 0 } }), ""),
    ];

    for (condition, expected) in cases {
        let filter = json!({ "customFields": condition });
        assert_eq!(names(&server, &filter).await, expected, "{filter}");
        let others = ["Ada", "Ben", "Cleo", "Dan", "Eve"].into_iter().filter(|name| !expected.contains(name));
        let others = others.collect::<Vec<_>>().join(" ");
        assert_eq!(names(&server, &json!({ "not": filter })).await, others, "not {filter}");
    }
    let two = json!({ "and": [
        { "customFields": { "name": "size", "number": { "gte": 0 } } },
        { "customFields": { "name": "member", "boolean": { "eq": false } } },
    ] });
    assert_eq!(names(&server, &two).await, "Ben");
}

#[tokio::test]
async fn conditions_without_a_name_or_a_value_are_refused() {
    let server = Server::start().await;
    let name = "where: customFields.name: expected 1 to 100 characters without quotation marks, backslashes and control \
                characters";
    let null = |path| format!("where: {path} is null; leave it out, or ask for what is missing by isNull");
    let cases = [
        (json!({ "name": "", "isNull": true }), name.to_owned()),
        (json!({ "name": "a\"b", "isNull": true }), name.to_owned()),
        (json!({ "name": "a\\b", "text": { "eq": "x" } }), name.to_owned()),
        (json!({ "name": "a\nb", "number": { "eq": 1 } }), name.to_owned()),
        (json!({ "name": "ü".repeat(101), "isNull": true }), name.to_owned()),
        (json!({ "name": "a", "isNull": null }), null("customFields.isNull")),
        (json!({ "name": "a", "text": null }), null("customFields.text")),
        (json!({ "name": "a", "boolean": { "eq": null } }), null("customFields.boolean.eq")),
    ];

    for (condition, expected) in cases {
        let variables = json!({ "where": { "customFields": condition } });
        for query in [
            "query ($where: CustomerWhere) { customers(where: $where) { totalCount } }",
            "mutation ($where: CustomerWhere!) { segmentCreate(input: { name: \"A\", where: $where }) { segment { id } } }",
        ] {
            let error = server.answer(query, variables.clone()).await["errors"][0].take();
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{variables}: {error}");
            assert_eq!(error["message"], expected, "{variables}");
        }
    }
    let longest = json!({ "customFields": { "name": "ü".repeat(100), "isNull": true } });
    assert_eq!(names(&server, &longest).await, "");
}

#[tokio::test]
async fn a_customer_enters_a_segment_by_a_custom_field() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let filter = json!({
        "customFields": { "name": "shoe size", "number": { "gte": 36, "lt": 40 }, "isNull": false },
        "not": { "customFields": { "name": "colour", "text": { "in": ["red", "blue"] } } },
        "or": [{ "customFields": { "name": "member", "boolean": { "ne": false } } }, { "totalOrders": { "gt": 0 } }],
    });
    let input = json!({ "name": "Medium", "where": filter });
    let segment = server.mutate("segmentCreate", input, "segment { id where }").await["segment"].take();
    let id = &segment["id"];
    settling::settle_new(&server.app).await.expect("members");

    assert_eq!(segment["where"], filter);
    let again = json!({ "id": id, "where": segment["where"] });
    assert_eq!(server.mutate("segmentUpdate", again, "segment { version }").await["segment"]["version"], 1);

    for custom_fields in [
        json!({ "shoe size": 38 }),
        json!({ "shoe size": 39, "colour": "green" }),
        json!({ "shoe size": "38" }),
        json!({ "shoe size": 36.5, "member": true }),
        json!({ "shoe size": 36.5, "member": true, "colour": "red" }),
    ] {
        let input = json!({ "id": jane, "customFields": custom_fields });
        server.mutate("customerUpdate", input, "customer { id }").await;
    }

    let query = format!(
        "{{
          segment(id: {id}) {{ history(first: 250, orderBy: {{ field: OCCURRED_AT }}) {{ nodes {{ type decidedBy }} }} }}
          segmentExplain(segment: {id}, customer: {jane}) {{ isMember conditions {{ text holds value }} }}
        }}"
    );
    let shown = server.query(&query).await;
    let history = shown["segment"]["history"]["nodes"].as_array().expect("nodes");
    let types: Vec<_> = history.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["SEGMENT_ENTERED", "SEGMENT_LEFT", "SEGMENT_ENTERED", "SEGMENT_LEFT"]);
    // Without what is personal: the log is kept.
    assert_eq!(history[3]["decidedBy"], json!(["customFields \"colour\" (personal data)"]));
    let conditions = shown["segmentExplain"]["conditions"].as_array().expect("conditions");
    let expected = [
        json!({ "text": "customFields \"shoe size\" (number) ≥ 36", "holds": true, "value": 36.5 }),
        json!({ "text": "customFields \"shoe size\" (number) < 40", "holds": true, "value": 36.5 }),
        json!({ "text": "customFields \"shoe size\" is there", "holds": true, "value": 36.5 }),
        json!({ "text": "customFields \"colour\" (text) in [red, blue]", "holds": true, "value": "red" }),
        json!({ "text": "customFields \"member\" (boolean) ≠ false", "holds": true, "value": true }),
    ];
    for condition in expected {
        assert!(conditions.contains(&condition), "{condition} in {conditions:?}");
    }
    assert_eq!(shown["segmentExplain"]["isMember"], false);
}

//! Rules of segments: kept, shown, explained and refused.

use customers::job::settling;
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

/// Makes a segment and gives its id.
pub async fn segment(server: &Server, name: &str, filter: &Value) -> Value {
    let input = json!({ "name": name, "where": filter });
    let mut payload = server.mutate("segmentCreate", input, "segment { id }").await;
    assert_eq!(payload["userErrors"], json!([]), "{filter}");
    payload["segment"]["id"].take()
}

/// Finds the members by new rules, as `serve` does.
pub async fn settle(server: &Server) {
    settling::settle_new(&server.app).await.expect("members");
}

pub async fn fields(server: &Server, segment: &Value, selection: &str) -> Value {
    server.query(&format!("{{ segment(id: {segment}) {{ {selection} }} }}")).await["segment"].take()
}

/// Rules of every kind. Each is sent as it is read back.
fn rules(server: &Server) -> Vec<Value> {
    let product = server.url("/products/00000000-0000-0000-0000-000000000001");
    vec![
        json!({}),
        json!({ "totalSpent": { "gte": "100", "lt": "5000.50" } }),
        json!({ "totalOrders": { "between": { "from": 1, "to": 3 } }, "kind": { "ne": "ORGANIZATION" } }),
        json!({ "kind": { "in": ["PERSON", "ORGANIZATION"] }, "emailOptIn": { "eq": false } }),
        json!({ "or": [{ "email": { "isNull": false } }, { "name": { "contains": "an" } }] }),
        json!({ "or": [], "not": { "tags": { "has": "vip" } } }),
        json!({ "and": [{ "not": { "tags": { "has": "vip" } } }, { "not": { "totalOrders": { "eq": 0 } } }] }),
        json!({ "not": { "tags": { "hasAny": ["vip", "press"], "hasNone": ["gone"] } } }),
        json!({ "lastPurchaseDate": { "gte": { "ago": "P30D" } } }),
        json!({ "customerSince": { "gte": { "at": "2020-01-01T00:00:00Z" }, "isNull": false } }),
        json!({ "birthDate": { "lt": "2000-02-29" } }),
        json!({ "pAlive": { "gt": 0.5 } }),
        json!({ "pAlive": { "between": { "from": 0, "to": 1 } } }),
        json!({ "customFields": { "name": "size", "number": { "gte": 36, "lt": 38.5 }, "isNull": false } }),
        json!({ "not": { "customFields": { "name": "shoe size", "text": { "in": ["S", "M"], "isNull": false } } } }),
        json!({ "and": [
            { "customFields": { "name": "colour", "text": { "startsWith": "r" } } },
            { "customFields": { "name": "member", "boolean": { "eq": true } } },
        ] }),
        json!({ "customerSegment": { "eq": "BASIC" }, "engagement": { "notIn": ["INACTIVE"] } }),
        json!({ "churnRisk": { "eq": "LOW" } }),
        json!({ "rfm": { "segment": { "eq": "CHAMPIONS" } } }),
        json!({ "loyaltyTier": { "name": { "eq": "Bronze" } } }),
        json!({ "orders": { "some": { "status": { "eq": "DELIVERED" } }, "none": { "total": { "gt": "1000" } } } }),
        json!({ "orders": { "every": { "status": { "eq": "DELIVERED" } } } }),
        json!({ "orders": { "count": {
            "where": { "status": { "eq": "DELIVERED" }, "deliveredAt": { "gte": { "ago": "P60D" } } },
            "is": { "gte": 2 },
        } } }),
        json!({ "orders": { "count": { "is": { "gte": 1, "lte": 2 } } } }),
        json!({ "orders": { "count": { "is": { "eq": 0 } } } }),
        json!({ "orders": { "some": { "items": { "count": { "is": { "eq": 1 } } } } } }),
        json!({ "orders": { "some": { "items": { "count": { "where": { "name": { "eq": "Pot" } }, "is": { "eq": 0 } } } } } }),
        json!({ "orders": { "some": { "items": { "some": { "product": { "id": { "eq": product } } } } } } }),
        json!({ "consents": { "some": { "channel": { "eq": "EMAIL" } } } }),
    ]
}

/// Jane bought twice, John once, Ann ordered and waits, and Paul looked around.
pub async fn people(server: &Server) -> [Value; 4] {
    let mut people = Vec::new();
    for name in ["Jane", "John", "Ann", "Paul"] {
        people.push(server.enter(name).await);
    }
    let [jane, john, ann, paul] = <[Value; 4]>::try_from(people).expect("four");
    server.purchase(&jane, "60").await;
    server.purchase(&jane, "60.50").await;
    server.purchase(&john, "1200").await;
    server.place(&ann, "5").await;
    let tags = json!({ "id": ann, "tags": ["vip"] });
    server.mutate("customerTagsAdd", tags, "customer { id }").await;
    let consent = json!({
        "customer": paul, "channel": "EMAIL", "purpose": "MARKETING", "state": "GRANTED", "source": "form",
    });
    server.mutate("consentRecord", consent, "consent { id }").await;
    [jane, john, ann, paul]
}

#[tokio::test]
async fn a_rule_is_read_back_as_it_was_sent() {
    let server = Server::start().await;

    for (index, filter) in rules(&server).iter().enumerate() {
        let made = segment(&server, &format!("Rule {index}"), filter).await;
        let shown = fields(&server, &made, "kind where computedAt").await;
        assert_eq!(shown, json!({ "kind": "DYNAMIC", "where": filter, "computedAt": null }));
        let again = json!({ "id": made, "where": shown["where"] });
        let payload = server.mutate("segmentUpdate", again, "segment { version }").await;
        assert_eq!(payload, json!({ "segment": { "version": 1 }, "userErrors": [] }), "{filter}");
    }
    let built_in = server.query(
        "{ segments(first: 250, where: { handle: { in: [\"spend-premium\", \"marketing\", \"rfm-lost\"] } }) { nodes { handle where } } }",
    );
    let expected = json!([
        { "handle": "rfm-lost", "where": { "rfm": { "segment": { "eq": "LOST" } } } },
        { "handle": "marketing", "where": { "emailOptIn": { "eq": true } } },
        { "handle": "spend-premium", "where": { "customerSegment": { "eq": "PREMIUM" } } },
    ]);
    assert_eq!(built_in.await["segments"]["nodes"], expected);
}

#[tokio::test]
async fn lists_previews_members_and_explanations_agree() {
    let server = Server::start().await;
    let people = people(&server).await;
    let mut segments = Vec::new();
    for (index, filter) in rules(&server).iter().enumerate() {
        segments.push((segment(&server, &format!("Rule {index}"), filter).await, filter.clone()));
    }
    settle(&server).await;

    for (segment, filter) in &segments {
        let listed = server.found(filter).await;
        let query = "query ($where: CustomerWhere!) { segmentPreview(where: $where) { count sample { id } } }";
        let preview = server.answer(query, json!({ "where": filter })).await["data"]["segmentPreview"].take();
        assert_eq!(preview["count"], listed.len(), "{filter}");
        assert_eq!(preview["sample"].as_array().map(Vec::len), Some(listed.len()), "{filter}");
        assert_eq!(fields(&server, segment, "count").await["count"], listed.len(), "{filter}");
        for customer in &people {
            let query = format!(
                "{{ segmentExplain(segment: {segment}, customer: {customer}) {{
                  isMember holds conditions {{ text level holds value }}
                }} }}"
            );
            let explained = server.query(&query).await["segmentExplain"].take();
            let expected = listed.contains(customer);
            assert_eq!(explained["holds"], expected, "{filter}: {explained}");
            assert_eq!(explained["isMember"], expected, "{filter}: {explained}");
            assert_eq!(explained["conditions"][0]["holds"], expected, "{filter}: {explained}");
        }
    }
    // What the list says of a number of orders is what was ordered.
    let counted = |is: Value| json!({ "orders": { "count": { "is": is } } });
    let [jane, john, ann, paul] = people;
    assert_eq!(server.found(&counted(json!({ "gte": 2 }))).await, std::slice::from_ref(&jane));
    assert_eq!(server.found(&counted(json!({ "eq": 1 }))).await, [john.clone(), ann.clone()]);
    assert_eq!(server.found(&counted(json!({ "lt": 1 }))).await, std::slice::from_ref(&paul));
    // Below another relation, numbers are found by lists on SQLite.
    let of_buyer = |is: Value| json!({ "orders": { "some": { "customer": counted(is) } } });
    assert_eq!(server.found(&of_buyer(json!({ "gte": 2 }))).await, [jane]);
    assert_eq!(server.found(&of_buyer(json!({ "lte": 1 }))).await, [john, ann]);
    assert_eq!(server.found(&of_buyer(json!({ "lt": 1 }))).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_explanation_tells_each_condition_with_what_the_customer_has() {
    let server = Server::start().await;
    let [jane, ..] = people(&server).await;
    let filter = json!({
        "totalSpent": { "gte": "100" },
        "not": { "or": [{ "tags": { "has": "vip" } }, { "emailOptIn": { "eq": true } }] },
        "orders": { "count": { "where": { "total": { "gte": "60.50" } }, "is": { "gte": 2 } } },
    });
    let segment = segment(&server, "Spenders", &filter).await;
    settle(&server).await;

    let query = format!(
        "{{ segmentExplain(segment: {segment}, customer: {jane}) {{
          isMember since holds rule {{ holds parts {{ text parts {{ text }} }} }} conditions {{ text level holds value }}
        }} }}"
    );
    let explained = server.query(&query).await["segmentExplain"].take();

    let conditions = json!([
        {
            "text": "not (tag = vip or emailOptIn = true) and totalSpent ≥ 100 and number of orders (total ≥ 60.50) ≥ 2",
            "level": 0, "holds": false, "value": null,
        },
        { "text": "not (tag = vip or emailOptIn = true)", "level": 1, "holds": true, "value": null },
        { "text": "tag = vip or emailOptIn = true", "level": 2, "holds": false, "value": null },
        { "text": "tag = vip", "level": 3, "holds": false, "value": null },
        { "text": "emailOptIn = true", "level": 3, "holds": false, "value": false },
        { "text": "totalSpent ≥ 100", "level": 1, "holds": true, "value": "120.50" },
        { "text": "number of orders (total ≥ 60.50) ≥ 2", "level": 1, "holds": false, "value": 1 },
        { "text": "total ≥ 60.50", "level": 2, "holds": null, "value": 1 },
    ]);
    assert_eq!(explained["conditions"], conditions, "{explained}");
    assert_eq!((&explained["isMember"], &explained["since"]), (&json!(false), &Value::Null));
    assert_eq!(explained["rule"]["parts"][2]["parts"][0]["text"], "total ≥ 60.50");
    let nobody = server.url("/customers/00000000-0000-0000-0000-000000000000");
    let query = format!("{{ segmentExplain(segment: {segment}, customer: \"{nobody}\") {{ holds }} }}");
    assert_eq!(server.query(&query).await["segmentExplain"], Value::Null);
}

#[tokio::test]
async fn rules_that_lead_back_to_their_segment_are_refused() {
    let server = Server::start().await;
    let named = |handle: &str| json!({ "segments": { "some": { "handle": { "eq": handle } } } });
    let one = segment(&server, "One", &json!({})).await;
    segment(&server, "Two", &named("one")).await;
    segment(&server, "Three", &json!({ "orders": { "some": { "customer": named("two") } } })).await;
    let three = server.query("{ segments(where: { handle: { eq: \"three\" } }) { nodes { id } } }").await;
    let three = &three["segments"]["nodes"][0]["id"];
    let nobody = server.url("/segments/00000000-0000-0000-0000-000000000000");
    let cases = [
        (named("one"), "INVALID"),
        (named("two"), "INVALID"),
        (named("three"), "INVALID"),
        (json!({ "segments": { "none": { "id": { "in": [three] } } } }), "INVALID"),
        (json!({ "not": { "orders": { "every": { "customer": named("three") } } } }), "INVALID"),
        (json!({ "segments": { "count": { "where": { "handle": { "eq": "two" } }, "is": { "eq": 0 } } } }), "INVALID"),
        (json!({ "segments": { "some": { "name": { "eq": "Two" } } } }), "INVALID"),
        (json!({ "segments": { "every": { "handle": { "eq": "press" } } } }), "INVALID"),
        (named("press"), "NOT_FOUND"),
        (json!({ "segments": { "some": { "id": { "eq": nobody } } } }), "NOT_FOUND"),
    ];

    for (filter, code) in cases {
        let payload = server.mutate("segmentUpdate", json!({ "id": one, "where": filter }), "segment { id }").await;
        assert_eq!(user_errors(&payload), [(code.to_owned(), "input.where".to_owned())], "{filter}");
    }
    let payload = server.mutate("segmentUpdate", json!({ "id": one, "where": named("three") }), "segment { id }").await;
    let message = "segments: a segment cannot depend on itself: one → three → two → one";
    assert_eq!(payload["userErrors"][0]["message"], message);
    assert_eq!(fields(&server, &one, "version").await["version"], 1);
    // Built-in ones may be named, and not changed.
    segment(&server, "Marketing VIPs", &named("marketing")).await;
    let basic = server.query("{ segments(where: { handle: { eq: \"spend-basic\" } }) { nodes { id } } }").await;
    let edit = json!({ "id": basic["segments"]["nodes"][0]["id"], "where": {} });
    let payload = server.mutate("segmentUpdate", edit, "segment { id }").await;
    assert_eq!(user_errors(&payload), [("NOT_ALLOWED".to_owned(), "input.where".to_owned())]);
}

#[tokio::test]
async fn rules_are_malformed_like_the_conditions_of_lists() {
    let server = Server::start().await;
    let cases = [
        "mutation { segmentCreate(input: { name: \"A\", where: { totalSpent: { gte: null } } }) { segment { id } } }",
        "mutation { segmentCreate(input: { name: \"A\", where: { lastOrderDate: { gte: { ago: \"30D\" } } } }) { segment { id } } }",
        "{ segmentPreview(where: { segments: { some: { id: { eq: \"http://elsewhere/segments/1\" } } } }) { count } }",
        "{ segmentPreview(where: {}) { sample(first: 51) { id } } }",
    ];

    for query in cases {
        assert_eq!(server.error(query).await["extensions"]["code"], "BAD_USER_INPUT", "{query}");
    }
}

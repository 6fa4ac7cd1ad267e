//! Segments by rules of clients' own: kept, shown, explained, and true at every moment.

use customers::{job::segmentation, store::execute};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    communication, job,
    server::{Server, user_errors},
};

/// Makes a segment and gives its id.
async fn segment(server: &Server, name: &str, filter: &Value) -> Value {
    let input = json!({ "name": name, "where": filter });
    let mut payload = server.mutate("segmentCreate", input, "segment { id }").await;
    assert_eq!(payload["userErrors"], json!([]), "{filter}");
    payload["segment"]["id"].take()
}

/// Finds the members by new rules, as `serve` does.
async fn settle(server: &Server) {
    segmentation::settle_new(&server.app).await.expect("members");
}

async fn fields(server: &Server, segment: &Value, selection: &str) -> Value {
    server.query(&format!("{{ segment(id: {segment}) {{ {selection} }} }}")).await["segment"].take()
}

async fn members(server: &Server, segment: &Value) -> Vec<String> {
    let shown = fields(server, segment, "customers(first: 250) { nodes { name } }").await;
    let nodes = shown["customers"]["nodes"].as_array().expect("nodes");
    let mut names: Vec<_> = nodes.iter().map(|node| node["name"].as_str().expect("a name").to_owned()).collect();
    names.sort();
    names
}

/// Who came and went, the first first: the type, the customer, and what decided it.
async fn history(server: &Server, segment: &Value) -> Vec<(String, String, Vec<String>)> {
    let shown = fields(
        server,
        segment,
        "history(first: 250, orderBy: { field: OCCURRED_AT }) { nodes { type decidedBy customer { name } } }",
    )
    .await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = shown["history"]["nodes"].as_array().expect("nodes");
    let event = |node: &Value| {
        let reasons = node["decidedBy"].as_array().expect("a list").iter().map(text).collect();
        (text(&node["type"]), text(&node["customer"]["name"]), reasons)
    };
    nodes.iter().map(event).collect()
}

fn told(kind: &str, name: &str, reasons: &[&str]) -> (String, String, Vec<String>) {
    (kind.to_owned(), name.to_owned(), reasons.iter().map(|reason| (*reason).to_owned()).collect())
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
async fn people(server: &Server) -> [Value; 4] {
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
        { "text": "tag = vip", "level": 3, "holds": false, "value": 0 },
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
async fn members_are_found_once_a_rule_is_committed_and_after_it_changes() {
    let server = Server::start().await;
    let [_, john, ..] = people(&server).await;
    let segment = segment(&server, "Spenders", &json!({ "totalSpent": { "gte": "1000" } })).await;
    assert_eq!(fields(&server, &segment, "count computedAt").await, json!({ "count": 0, "computedAt": null }));

    settle(&server).await;
    assert_eq!(members(&server, &segment).await, ["John"]);
    assert!(fields(&server, &segment, "computedAt").await["computedAt"].is_string());
    let edit = json!({ "id": segment, "where": { "totalSpent": { "gte": "100", "lt": "1000" } } });
    let payload = server.mutate("segmentUpdate", edit, "segment { version computedAt }").await;
    assert_eq!(payload["segment"], json!({ "version": 2, "computedAt": null }));
    settle(&server).await;
    assert_eq!(members(&server, &segment).await, ["Jane"]);
    // A name is no reason to find anybody anew, and who is in a segment without a rule stays.
    server.mutate("segmentUpdate", json!({ "id": segment, "name": "Whales" }), "segment { id }").await;
    assert!(fields(&server, &segment, "computedAt").await["computedAt"].is_string());
    let payload =
        server.mutate("segmentUpdate", json!({ "id": segment, "where": null }), "segment { kind where }").await;
    assert_eq!(payload["segment"], json!({ "kind": "STATIC", "where": null }));
    server.purchase(&john, "1").await;
    assert_eq!(members(&server, &segment).await, ["Jane"]);
    let expected = [
        told("SEGMENT_ENTERED", "John", &["totalSpent ≥ 1000 (is 1200.00)"]),
        told("SEGMENT_ENTERED", "Jane", &["totalSpent < 1000 (is 120.50)", "totalSpent ≥ 100 (is 120.50)"]),
        told("SEGMENT_LEFT", "John", &["not totalSpent < 1000 (is 1200.00)"]),
    ];
    let mut told = history(&server, &segment).await;
    told.sort_by_key(|(kind, name, _)| (kind.clone(), name == "Jane"));
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_rule_that_cannot_be_applied_holds_up_no_other() {
    let server = Server::start().await;
    server.enter("Jane").await;
    let tried = json!({ "communications": { "none": { "attempts": { "some": {} } } } });
    let tried = segment(&server, "Tried", &tried).await;
    let buyers = segment(&server, "Buyers", &json!({ "totalOrders": { "gte": 1 } })).await;
    let everyone = segment(&server, "Everyone", &json!({})).await;
    let rename = async |from: &str, to: &str| {
        let sql = format!("alter table {from} rename to {to}");
        execute(server.app.database.writer(), &sql, Vec::new()).await.expect("another name");
    };
    rename("communication_attempt", "gone").await;

    settle(&server).await;
    assert_eq!(members(&server, &everyone).await, ["Jane"]);
    assert!(fields(&server, &buyers, "computedAt").await["computedAt"].is_string());
    assert_eq!(fields(&server, &tried, "count computedAt").await, json!({ "count": 0, "computedAt": null }));
    server.app.database.writer().execute_unprepared("delete from segment_membership").await.expect("nobody");
    let run = job::run(&server, json!({ "name": "SEGMENTATION" })).await;
    assert_eq!((&run["state"], &run["changed"]), (&json!("FAILED"), &json!(1)));
    assert_eq!(run["error"], "the rule of segment \"tried\" cannot be applied");
    assert_eq!(members(&server, &everyone).await, ["Jane"]);

    rename("gone", "communication_attempt").await;
    settle(&server).await;
    assert_eq!(members(&server, &tried).await, ["Jane"]);
}

#[tokio::test]
async fn whoever_changes_moves_through_all_segments_at_once_and_is_told_why() {
    let server = Server::start().await;
    // Made in this order, they are computed in another one.
    let spenders = segment(&server, "Spenders", &json!({ "totalSpent": { "gte": "100" } })).await;
    let named = |handle: &str| json!({ "segments": { "some": { "handle": { "eq": handle } } } });
    let mut reachable = named("spenders");
    reachable["emailOptIn"] = json!({ "eq": true });
    let reachable = segment(&server, "Reachable", &reachable).await;
    let silent = segment(
        &server,
        "Silent",
        &json!({ "segments": { "some": { "handle": { "eq": "spenders" } }, "none": { "handle": { "in": ["reachable"] } } } }),
    )
    .await;
    settle(&server).await;
    let jane = server.enter("Jane").await;
    let consent = |state: &str| json!({ "customer": jane, "channel": "EMAIL", "purpose": "MARKETING", "state": state, "source": "form" });

    server.purchase(&jane, "150").await;
    assert_eq!((members(&server, &spenders).await.len(), members(&server, &silent).await.len()), (1, 1));
    server.mutate("consentRecord", consent("GRANTED"), "consent { id }").await;
    assert_eq!((members(&server, &reachable).await.len(), members(&server, &silent).await.len()), (1, 0));
    server.mutate("consentRecord", consent("WITHDRAWN"), "consent { id }").await;
    assert_eq!((members(&server, &reachable).await.len(), members(&server, &silent).await.len()), (0, 1));

    let spent = told("SEGMENT_ENTERED", "Jane", &["totalSpent ≥ 100 (is 150.00)"]);
    assert_eq!(history(&server, &spenders).await, [spent]);
    let expected = [
        told("SEGMENT_ENTERED", "Jane", &["emailOptIn = true (is true)"]),
        told("SEGMENT_LEFT", "Jane", &["not emailOptIn = true (is false)"]),
    ];
    assert_eq!(history(&server, &reachable).await, expected);
    assert_eq!(history(&server, &silent).await.len(), 3);
    // A time that passed finds nothing to do.
    let run = job::run(&server, json!({ "name": "SEGMENTATION" })).await;
    assert_eq!(run["changed"], 0);
}

#[tokio::test]
async fn rules_about_events_and_messages_hold_in_the_transaction_that_tells_of_them() {
    let server = Server::start().await;
    let was_told = |kind: &str| json!({ "events": { "some": { "type": { "eq": kind } } } });
    let got = |template: &str| json!({ "communications": { "some": { "template": { "eq": template } } } });
    let delivered = segment(&server, "Delivered", &was_told("ORDER_DELIVERED")).await;
    let waiting = json!({ "totalOrders": { "gte": 1 }, "events": { "none": { "type": { "eq": "ORDER_CREATED" } } } });
    let waiting = segment(&server, "Waiting", &waiting).await;
    let welcomed = segment(&server, "Welcomed", &got("welcome")).await;
    let written_to = segment(&server, "Written to", &got("message")).await;
    let named = json!({ "segments": { "some": { "handle": { "in": ["welcomed", "written-to"] } } } });
    let named = segment(&server, "Named", &named).await;
    let moved = json!({ "events": { "some": { "segment": { "handle": { "eq": "welcomed" } } } } });
    let moved = segment(&server, "Moved", &moved).await;
    settle(&server).await;

    let jane = communication::enter(&server, "Jane", json!({})).await;
    let john = communication::enter(&server, "John", json!({ "email": null })).await;
    // Who moves is told of last, and rules about that are asked with what happens next, or by the job.
    assert_eq!(members(&server, &moved).await, Vec::<String>::new());
    server.purchase(&john, "10").await;
    assert_eq!(members(&server, &delivered).await, ["John"]);
    assert_eq!(members(&server, &welcomed).await, ["Jane", "John"], "John's was held back, and is kept");
    assert_eq!(members(&server, &named).await, ["Jane", "John"]);
    let mailing = |to: Value| {
        let message = json!({ "subject": "News", "text": "There are some." });
        let (channel, purpose) = ("EMAIL", "TRANSACTIONAL");
        json!({ "to": to, "channel": channel, "purpose": purpose, "content": { "message": message } })
    };
    server.mutate("communicationSend", mailing(json!({ "customer": jane })), "queued").await;
    assert_eq!(members(&server, &written_to).await, ["Jane"]);
    server.mutate("communicationSend", mailing(json!({ "segment": delivered })), "suppressed").await;
    assert_eq!(members(&server, &written_to).await, ["Jane", "John"]);

    // Nobody moves there and back, and the events of those who moved are in order.
    assert_eq!(history(&server, &waiting).await, []);
    let expected = told("SEGMENT_ENTERED", "John", &["some events (type = ORDER_DELIVERED) (is 1)"]);
    assert_eq!(history(&server, &delivered).await, [expected]);
    let told: Vec<_> = server.events_of(&jane).await;
    assert_eq!(told.iter().filter(|event| event.starts_with("SEGMENT_ENTERED")).count(), 4, "{told:?}");
    assert_eq!(members(&server, &moved).await, ["John"]);
    job::run(&server, json!({ "name": "SEGMENTATION" })).await;
    assert_eq!(members(&server, &moved).await, ["Jane", "John"]);
}

#[tokio::test]
async fn members_of_a_static_segment_move_those_whose_rules_name_it() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let input = json!({ "name": "Press" });
    let press = server.mutate("segmentCreate", input, "segment { id }").await["segment"]["id"].take();
    let others = segment(&server, "Others", &json!({ "segments": { "none": { "id": { "eq": press } } } })).await;
    settle(&server).await;
    assert_eq!(members(&server, &others).await, ["Jane"]);

    let input = json!({ "segment": press, "customers": [jane] });
    server.mutate("segmentMembersAdd", input.clone(), "segment { id }").await;
    assert_eq!(members(&server, &others).await, Vec::<String>::new());
    server.mutate("segmentMembersRemove", input, "segment { id }").await;
    assert_eq!(members(&server, &others).await, ["Jane"]);

    let gone = server.mutate("segmentDelete", json!({ "id": press }), "deletedId").await;
    assert_eq!(user_errors(&gone), [("NOT_ALLOWED".to_owned(), "input.id".to_owned())]);
    server.mutate("segmentDelete", json!({ "id": others }), "deletedId").await;
    let gone = server.mutate("segmentDelete", json!({ "id": press }), "deletedId").await;
    assert_eq!(user_errors(&gone), []);
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
async fn customers_join_the_marketing_list_by_consent_and_leave_it() {
    let server = Server::start().await;
    let input = json!({ "name": "Jane", "email": "jane@example.org", "emailOptIn": true });
    let jane = server.mutate("customerCreate", input, "customer { id }").await["customer"]["id"].take();
    let john = server.enter("John").await;
    let marketing =
        server.query("{ segments(where: { handle: { eq: \"marketing\" } }) { nodes { id isBuiltIn } } }").await;
    let marketing = &marketing["segments"]["nodes"][0];
    assert_eq!(marketing["isBuiltIn"], true);
    assert_eq!(members(&server, &marketing["id"]).await, ["Jane"]);

    for (customer, state) in [(&john, "GRANTED"), (&jane, "WITHDRAWN")] {
        let input = json!({
            "customer": customer, "channel": "EMAIL", "purpose": "MARKETING", "state": state, "source": "form",
        });
        server.mutate("consentRecord", input, "consent { id }").await;
    }

    assert_eq!(members(&server, &marketing["id"]).await, ["John"]);
    let expected = [
        told("SEGMENT_ENTERED", "Jane", &["emailOptIn = true (is true)"]),
        told("SEGMENT_ENTERED", "John", &["emailOptIn = true (is true)"]),
        told("SEGMENT_LEFT", "Jane", &["not emailOptIn = true (is false)"]),
    ];
    assert_eq!(history(&server, &marketing["id"]).await, expected);
}

#[tokio::test]
async fn events_and_logs_hold_no_personal_data_of_a_rule() {
    let server = Server::start().await;
    let filter = json!({ "email": { "eq": "jane@example.org" }, "totalOrders": { "eq": 0 } });
    let segment = segment(&server, "Jane alone", &filter).await;
    settle(&server).await;

    let input = json!({ "name": "Jane", "email": "jane@example.org" });
    server.mutate("customerCreate", input, "customer { id }").await;

    let expected = told("SEGMENT_ENTERED", "Jane", &["email (personal data)", "totalOrders = 0 (is 0)"]);
    assert_eq!(history(&server, &segment).await, [expected]);
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

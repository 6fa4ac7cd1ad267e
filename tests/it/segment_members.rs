//! Who is in dynamic segments: true at every moment, and told with the reason.

use customers::store::execute;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::{
    communication, job,
    segment_rules::{fields, people, segment, settle},
    server::{Server, user_errors},
};

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
async fn a_segment_that_has_another_name_is_entered_and_left_as_before() {
    let server = Server::start().await;
    let buyers = segment(&server, "Buyers", &json!({ "totalOrders": { "gte": 1 } })).await;
    settle(&server).await;
    let ann = server.enter("Ann").await;
    let active = server.query("{ segments(where: { handle: { eq: \"engagement-active\" } }) { nodes { id } } }").await;
    let active = &active["segments"]["nodes"][0]["id"];

    for edit in [json!({ "id": active, "name": "Busy" }), json!({ "id": buyers, "description": "They bought." })] {
        let payload = server.mutate("segmentUpdate", edit, "segment { version }").await;
        assert_eq!(payload, json!({ "segment": { "version": 2 }, "userErrors": [] }));
    }
    server.purchase(&ann, "10").await;

    assert_eq!(
        (members(&server, active).await, members(&server, &buyers).await),
        (vec!["Ann".into()], vec!["Ann".into()])
    );
    let forty_days_pass = "update customer set last_purchase_date = last_purchase_date - 3456000000";
    execute(server.app.database.writer(), forty_days_pass, Vec::new()).await.expect("another date");
    let run = job::run(&server, json!({ "name": "SEGMENTATION" })).await;
    assert_eq!((&run["state"], &run["error"]), (&json!("SUCCEEDED"), &Value::Null));
    assert_eq!(members(&server, active).await, Vec::<String>::new());
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
async fn a_rule_that_cannot_be_read_is_left_out_and_told() {
    let server = Server::start().await;
    let buyers = segment(&server, "Buyers", &json!({ "totalOrders": { "gte": 1 } })).await;
    let broken = "update segment set rule = '{\"nothing\": 1}' where handle in ('spend-basic', 'engagement-active')";
    execute(server.app.database.writer(), broken, Vec::new()).await.expect("rules of no meaning");

    settle(&server).await;
    let ann = server.enter("Ann").await;
    server.purchase(&ann, "10").await;
    assert_eq!(members(&server, &buyers).await, ["Ann"]);

    let nobody = "delete from segment_membership";
    server.app.database.writer().execute_unprepared(nobody).await.expect("nobody");
    let run = job::run(&server, json!({ "name": "SEGMENTATION" })).await;
    assert_eq!((&run["state"], &run["changed"]), (&json!("FAILED"), &json!(1)));
    let error = run["error"].as_str().expect("an error");
    assert!(error.contains("engagement-active") || error.contains("spend-basic"), "{error}");
    assert_eq!(members(&server, &buyers).await, ["Ann"]);
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
async fn conditions_on_related_nodes_tell_how_many_decide_unless_the_verdict_says_it() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    for price in ["60", "60.50"] {
        server.purchase(&jane, price).await;
    }
    let rules = [
        json!({ "orders": { "some": { "total": { "gte": "60" } } } }),
        json!({ "orders": { "none": { "total": { "gte": "100" } } } }),
        json!({ "orders": { "every": { "total": { "gte": "5" } } } }),
        json!({ "orders": { "count": { "is": { "gte": 2 } } } }),
        json!({ "loyaltyTier": { "name": { "eq": "Bronze" } } }),
        json!({ "tags": { "hasNone": ["vip"] } }),
    ];
    let mut segments = Vec::new();
    for rule in rules {
        segments.push(segment(&server, &rule.to_string(), &rule).await);
    }
    settle(&server).await;

    server.purchase(&jane, "100").await;
    server.place(&jane, "1").await;
    server.mutate("customerTagsAdd", json!({ "id": jane, "tags": ["vip"] }), "customer { id }").await;

    let expected: [&[&str]; 6] = [
        &["some orders (total ≥ 60) (2 of them)"],
        &["no orders (total ≥ 100)", "not no orders (total ≥ 100) (1 of them)"],
        &["every orders (total ≥ 5)", "not every orders (total ≥ 5) (all but 1)"],
        &["number of orders ≥ 2 (is 2)"],
        &["loyaltyTier (name = Bronze)"],
        &["no tag in [vip]", "not no tag in [vip]"],
    ];
    for (segment, expected) in segments.iter().zip(expected) {
        let reasons: Vec<_> = history(&server, segment).await.into_iter().flat_map(|(_, _, reasons)| reasons).collect();
        assert_eq!(reasons, expected);
    }
    let explained = async |segment: &Value| {
        let query =
            format!("{{ segmentExplain(segment: {segment}, customer: {jane}) {{ conditions {{ text value }} }} }}");
        server.query(&query).await["segmentExplain"]["conditions"].take()
    };
    let every = json!([{ "text": "every orders (total ≥ 5)", "value": 1 }, { "text": "total ≥ 5", "value": 3 }]);
    assert_eq!(explained(&segments[2]).await, every, "how many do not, and how many do");
    let tier =
        json!([{ "text": "loyaltyTier (name = Bronze)", "value": null }, { "text": "name = Bronze", "value": 1 }]);
    assert_eq!(explained(&segments[4]).await, tier);
}

#[tokio::test]
async fn rules_may_compare_with_more_values_than_one_statement_takes() {
    let server = Server::start().await;
    let days: Vec<_> = (0..1000).map(|day| format!("1{day:03}-01-01")).collect();
    let lists = json!({ "and": vec![json!({ "birthDate": { "in": days } }); 10] });
    let tests = vec![json!({ "customerSegment": { "eq": "BASIC" } }); 180];
    let wide = json!({ "and": tests });
    // Each of its levels is told by itself, with all that is below.
    let deep = (0..12).fold(wide.clone(), |rule, _| json!({ "not": rule }));
    let mut segments = Vec::new();
    for (name, rule, count) in [("Lists", &lists, 7), ("Wide", &wide, 48), ("Deep", &deep, 2)] {
        for number in 0..count {
            segments.push(segment(&server, &format!("{name} {number}"), rule).await);
        }
    }

    let input = json!({ "name": "Jane", "birthDate": "1987-01-01" });
    let payload = server.mutate("customerCreate", input, "customer { segments { totalCount } }").await;

    // The one for those who spend little besides.
    assert_eq!(payload["customer"]["segments"]["totalCount"], segments.len() + 1);
    let expected = told("SEGMENT_ENTERED", "Jane", &["customerSegment = BASIC (is BASIC)"; 10]);
    assert_eq!(history(&server, &segments[56]).await, [expected]);
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
    let expected = told("SEGMENT_ENTERED", "John", &["some events (type = ORDER_DELIVERED) (1 of them)"]);
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

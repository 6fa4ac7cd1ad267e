//! Making and editing loyalty programs, joining them and leaving them.

use customers::{clock::Clock, job::settling::settle_new, loyalty::standing};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const PROGRAM: &str = "loyaltyProgram {
  id name handle description isDefault evaluation version
  tiers { nodes { id name rank minSpend discountPercent benefits version } }
}";

pub async fn written(server: &Server, field: &str, input: Value) -> Value {
    let mut payload = server.mutate(field, input.clone(), PROGRAM).await;
    assert_eq!(payload["userErrors"], json!([]), "{input}");
    payload["loyaltyProgram"].take()
}

async fn refused(server: &Server, field: &str, input: Value) -> Vec<(String, String)> {
    let payload = server.mutate(field, input.clone(), "loyaltyProgram { id }").await;
    assert_eq!(payload["loyaltyProgram"], Value::Null, "{input}");
    user_errors(&payload)
}

fn told(errors: &[(&str, &str)]) -> Vec<(String, String)> {
    errors.iter().map(|(code, path)| ((*code).to_owned(), (*path).to_owned())).collect()
}

pub fn tier(name: &str, min_spend: &str) -> Value {
    json!({ "name": name, "minSpend": min_spend })
}

/// A program of three tiers: 0, 100, 200.
pub async fn club(server: &Server) -> Value {
    let tiers = [tier("Three", "200"), tier("One", "0"), tier("Two", "100")];
    written(server, "loyaltyProgramCreate", json!({ "name": "The Club", "tiers": tiers })).await
}

pub async fn enroll(server: &Server, customer: &Value, program: &Value) -> Value {
    let input = json!({ "customer": customer, "program": program });
    server.mutate("loyaltyEnroll", input, "loyaltyMembership { id tier { name } since tierSince }").await
}

/// The tiers that a customer holds, by the names of the programs.
pub async fn held(server: &Server, customer: &Value) -> Vec<String> {
    let selection = "loyaltyMemberships { nodes { program { name } tier { name } } }";
    let data = server.customer_fields(customer, selection).await;
    let nodes = data["loyaltyMemberships"]["nodes"].as_array().expect("nodes");
    let word = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let mut held: Vec<_> =
        nodes.iter().map(|node| format!("{}: {}", word(&node["program"]), word(&node["tier"]))).collect();
    held.sort();
    held
}

#[tokio::test]
async fn a_program_is_made_with_its_tiers_in_order() {
    let server = Server::start().await;
    let gold = json!({ "name": "Gold", "minSpend": "99.99", "discountPercent": 100, "benefits": [" Gift "] });

    let program = written(
        &server,
        "loyaltyProgramCreate",
        json!({ "name": "The Club", "evaluation": "ROLLING", "description": "For members.", "tiers": [gold, tier("Basic", "10")] }),
    )
    .await;

    let tiers = &program["tiers"]["nodes"];
    let expected = json!({
        "id": program["id"], "name": "The Club", "handle": "the-club", "description": "For members.", "isDefault": false,
        "evaluation": "ROLLING", "version": 1,
        "tiers": { "nodes": [
            { "id": tiers[0]["id"], "name": "Basic", "rank": 1, "minSpend": "10.00", "discountPercent": 0, "benefits": [], "version": 1 },
            { "id": tiers[1]["id"], "name": "Gold", "rank": 2, "minSpend": "99.99", "discountPercent": 100, "benefits": ["Gift"], "version": 1 },
        ] },
    });
    assert_eq!(program, expected);
}

#[tokio::test]
async fn whoever_joins_holds_at_once_the_tier_they_reach() {
    let server = Server::start().await;
    let program = club(&server).await["id"].take();
    for (spent, expected) in [("99.99", "One"), ("100.00", "Two"), ("200.00", "Three")] {
        let jane = server.enter("Jane").await;
        server.purchase(&jane, spent).await;
        let known = server.events_of(&jane).await.len();

        let joined = enroll(&server, &jane, &program).await;
        let again = enroll(&server, &jane, &program).await;

        assert_eq!(joined["loyaltyMembership"]["tier"]["name"], expected, "{spent}");
        assert_eq!(joined, again);
        assert_eq!(server.events_since(&jane, known).await, ["CUSTOMER_ENROLLED"]);
        assert_eq!(held(&server, &jane).await, ["Loyalty Program: Bronze", format!("The Club: {expected}").as_str()]);
    }
}

#[tokio::test]
async fn a_purchase_counts_in_every_program() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let program = club(&server).await["id"].take();
    enroll(&server, &jane, &program).await;

    server.purchase(&jane, "500").await;

    assert_eq!(held(&server, &jane).await, ["Loyalty Program: Silver", "The Club: Three"]);
    let events = server.events_of(&jane).await;
    assert_eq!(events.iter().filter(|event| *event == "CUSTOMER_UPGRADED").count(), 2);
}

#[tokio::test]
async fn who_left_is_no_member_and_is_not_enrolled_again_unasked() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let known = server.events_of(&jane).await.len();
    let leave =
        async || server.mutate("loyaltyLeave", json!({ "customer": jane }), "customer { loyaltyTier { name } }").await;

    let left = leave().await;
    let again = leave().await;

    assert_eq!(left, json!({ "customer": { "loyaltyTier": null }, "userErrors": [] }));
    assert_eq!(left, again);
    assert_eq!(server.events_since(&jane, known).await, ["CUSTOMER_UNENROLLED"]);
    let tx = server.app.database.begin().await.expect("a transaction");
    assert_eq!(standing::enroll(&tx, Clock::System.now(), None).await.expect("a statement"), []);
    drop(tx);
    let joined =
        server.mutate("loyaltyEnroll", json!({ "customer": jane }), "loyaltyMembership { tier { name } }").await;
    assert_eq!(joined["loyaltyMembership"]["tier"]["name"], "Bronze");
    assert_eq!(server.events_since(&jane, known).await, ["CUSTOMER_UNENROLLED", "CUSTOMER_ENROLLED"]);
}

#[tokio::test]
async fn a_program_that_looks_back_counts_the_spending_of_its_period_and_lets_nobody_fall_within_it() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let tiers = [tier("One", "0"), tier("Two", "100")];
    let input = json!({ "name": "Recent", "evaluation": "ROLLING", "tiers": tiers });
    let program = written(&server, "loyaltyProgramCreate", input).await["id"].take();
    let items = json!([{ "name": "Tea", "unitPrice": "150" }]);
    let order = json!({ "customer": jane, "orderDate": "2020-01-01", "items": items });
    let old = server.mutate("orderCreate", order, "order { id }").await["order"]["id"].take();
    server.mutate("orderDeliver", json!({ "id": old, "deliveredAt": "2020-01-02" }), "order { id }").await;

    let joined = enroll(&server, &jane, &program).await;
    assert_eq!(joined["loyaltyMembership"]["tier"]["name"], "One");
    server.purchase(&jane, "99.99").await;
    assert_eq!(held(&server, &jane).await, ["Loyalty Program: Bronze", "Recent: One"]);
    let last = server.purchase(&jane, "0.01").await;
    assert_eq!(held(&server, &jane).await, ["Loyalty Program: Bronze", "Recent: Two"]);
    server.mutate("refundCreate", json!({ "order": last }), "refund { id }").await;

    assert_eq!(held(&server, &jane).await, ["Loyalty Program: Bronze", "Recent: Two"]);
}

#[tokio::test]
async fn edited_tiers_keep_their_ids_and_members_settle() {
    let server = Server::start().await;
    let program = club(&server).await;
    let id = &program["id"];
    let old = program["tiers"]["nodes"].as_array().expect("tiers").clone();
    let mut members = Vec::new();
    for spent in ["50", "100", "150", "250"] {
        let customer = server.enter(spent).await;
        server.purchase(&customer, spent).await;
        enroll(&server, &customer, id).await;
        let known = server.events_of(&customer).await.len();
        members.push((customer, known));
    }

    // One goes on by its name, Three by its id, with another name and another threshold. Two is taken away. Silver is
    // new.
    let renamed = json!({ "id": old[2]["id"], "name": "Two", "minSpend": "120" });
    let tiers = json!([renamed, tier("One", "0"), tier("Silver", "60")]);
    let edited =
        written(&server, "loyaltyProgramUpdate", json!({ "id": id, "tiers": tiers, "expectedVersion": 1 })).await;
    settle_new(&server.app).await.expect("members");

    let tiers = edited["tiers"]["nodes"].as_array().expect("tiers");
    let shown: Vec<_> = tiers.iter().map(|tier| (&tier["name"], &tier["rank"], &tier["version"])).collect();
    let [one, silver, two] = [json!("One"), json!("Silver"), json!("Two")];
    assert_eq!(shown, [(&one, &json!(1), &json!(1)), (&silver, &json!(2), &json!(1)), (&two, &json!(3), &json!(2))]);
    assert_eq!((&tiers[0]["id"], &tiers[2]["id"]), (&old[0]["id"], &old[2]["id"]));
    assert!(old.iter().all(|tier| tier["id"] != tiers[1]["id"]));
    assert_eq!(edited["version"], 2);
    let expected = [
        ("One", &[][..]),
        // Two began at 100; Silver begins at 60, and the new Two at 120.
        ("Silver", &["CUSTOMER_DOWNGRADED"]),
        ("Two", &["CUSTOMER_UPGRADED"]),
        ("Two", &[]),
    ];
    for ((customer, known), (name, events)) in members.iter().zip(expected) {
        assert!(held(&server, customer).await.contains(&format!("The Club: {name}")), "{name}");
        assert_eq!(server.events_since(customer, *known).await, events, "{name}");
    }
}

#[tokio::test]
async fn names_thresholds_and_places_can_be_swapped() {
    let server = Server::start().await;
    let program = club(&server).await;
    let old = program["tiers"]["nodes"].as_array().expect("tiers");
    let swapped = |from: usize, to: usize| json!({ "id": old[from]["id"], "name": old[to]["name"], "minSpend": old[to]["minSpend"] });

    let tiers = json!([swapped(0, 2), swapped(1, 0), swapped(2, 1)]);
    let edited = written(&server, "loyaltyProgramUpdate", json!({ "id": program["id"], "tiers": tiers })).await;

    let ids: Vec<_> = edited["tiers"]["nodes"].as_array().expect("tiers").iter().map(|tier| &tier["id"]).collect();
    assert_eq!(ids, [&old[1]["id"], &old[2]["id"], &old[0]["id"]]);
}

#[tokio::test]
async fn an_edit_that_changes_nothing_leaves_the_version_alone() {
    let server = Server::start().await;
    let program = club(&server).await;
    let tiers = json!([tier("One", "0.00"), tier("Two", "100"), tier("Three", "200")]);
    let input = json!({ "id": program["id"], "name": "The Club", "handle": "the-club", "evaluation": "LIFETIME", "tiers": tiers });

    assert_eq!(written(&server, "loyaltyProgramUpdate", input).await, program);
    let described =
        written(&server, "loyaltyProgramUpdate", json!({ "id": program["id"], "description": "New." })).await;
    assert_eq!((&described["version"], &described["tiers"]), (&json!(2), &program["tiers"]));
}

#[tokio::test]
async fn what_is_wrong_with_a_program_is_told_at_once() {
    let server = Server::start().await;
    let program = club(&server).await;
    let jane = server.enter("Jane").await;
    let (id, one) = (&program["id"], &program["tiers"]["nodes"][0]["id"]);
    let default = server
        .query("{ loyaltyPrograms(where: { isDefault: { eq: true } }) { nodes { tiers { nodes { id } } } } }")
        .await;
    let foreign = &default["loyaltyPrograms"]["nodes"][0]["tiers"]["nodes"][0]["id"];
    let cases = [
        (
            "loyaltyProgramCreate",
            json!({ "name": "", "handle": "default", "graceDays": 366, "tiers": [] }),
            &[
                ("REQUIRED", "input.name"),
                ("TAKEN", "input.handle"),
                ("INVALID", "input.graceDays"),
                ("REQUIRED", "input.tiers"),
            ][..],
        ),
        (
            "loyaltyProgramCreate",
            json!({ "name": "x", "tiers": [
                { "name": "A", "minSpend": "1.00", "discountPercent": 101, "benefits": [""] },
                { "name": "A", "minSpend": "1", "discountPercent": -1 },
                { "name": "C", "minSpend": "-1", "id": one },
            ] }),
            &[
                ("INVALID", "input.tiers.0.discountPercent"),
                ("REQUIRED", "input.tiers.0.benefits.0"),
                ("INVALID", "input.tiers.1.name"),
                ("INVALID", "input.tiers.1.minSpend"),
                ("INVALID", "input.tiers.1.discountPercent"),
                ("NOT_FOUND", "input.tiers.2.id"),
                ("INVALID", "input.tiers.2.minSpend"),
            ],
        ),
        (
            "loyaltyProgramUpdate",
            json!({ "id": id, "name": null, "handle": null, "evaluation": null, "tiers": null }),
            &[
                ("REQUIRED", "input.name"),
                ("REQUIRED", "input.handle"),
                ("REQUIRED", "input.evaluation"),
                ("REQUIRED", "input.tiers"),
            ],
        ),
        (
            "loyaltyProgramUpdate",
            json!({ "id": id, "tiers": [
                { "id": one, "name": "A", "minSpend": "0" },
                { "id": one, "name": "B", "minSpend": "1" },
                { "id": foreign, "name": "C", "minSpend": "2" },
            ] }),
            &[("INVALID", "input.tiers.1.id"), ("NOT_FOUND", "input.tiers.2.id")],
        ),
        ("loyaltyProgramUpdate", json!({ "id": id, "expectedVersion": 9 }), &[("CONFLICT", "input.expectedVersion")]),
    ];

    for (field, input, expected) in cases {
        assert_eq!(refused(&server, field, input.clone()).await, told(expected), "{input}");
    }
    let nobody = server.url("/customers/00000000-0000-0000-0000-000000000000");
    let nothing = server.url("/loyalty-programs/00000000-0000-0000-0000-000000000000");
    let errors = user_errors(&enroll(&server, &json!(nobody), &json!(nothing)).await);
    assert_eq!(errors, told(&[("NOT_FOUND", "input.program"), ("NOT_FOUND", "input.customer")]));
    server.mutate("customerDelete", json!({ "id": jane }), "deletedId").await;
    assert_eq!(user_errors(&enroll(&server, &jane, id).await), told(&[("NOT_FOUND", "input.customer")]));
}

#[tokio::test]
async fn tiers_that_are_edited_while_members_buy_end_where_the_rule_says() {
    let server = Server::start().await;
    let id = club(&server).await["id"].take();
    let mut members = Vec::new();
    for index in 0..12 {
        let customer = server.enter(&format!("Member {index}")).await;
        enroll(&server, &customer, &id).await;
        let order = server.place(&customer, "150").await;
        members.push((customer, order));
    }

    let purchases = members.iter().enumerate().map(async |(index, (_, order))| {
        server.mutate("orderDeliver", json!({ "id": order }), "order { id }").await;
        if index % 4 == 0 {
            let threshold = if index % 8 == 0 { "160" } else { "140" };
            let tiers = json!([tier("One", "0"), tier("Two", threshold), tier(&format!("Three {index}"), "200")]);
            written(&server, "loyaltyProgramUpdate", json!({ "id": id, "tiers": tiers })).await;
        }
    });
    join_all(purchases).await;
    settle_new(&server.app).await.expect("members");
    let tx = server.app.database.begin().await.expect("a transaction");
    assert_eq!(standing::settle_tiers(&tx, Clock::System.now(), None).await.expect("a statement"), []);
    drop(tx);
    let tiers = json!([tier("One", "0"), tier("Half", "151"), tier("Four", "200")]);
    written(&server, "loyaltyProgramUpdate", json!({ "id": id, "tiers": tiers })).await;
    settle_new(&server.app).await.expect("members");

    for (customer, _) in &members {
        assert!(held(&server, customer).await.contains(&"The Club: One".to_owned()));
    }
}

#[tokio::test]
async fn a_tier_that_takes_the_place_of_one_with_its_threshold_is_no_rise() {
    let server = Server::start().await;
    let program = club(&server).await;
    let (id, tiers) = (&program["id"], &program["tiers"]["nodes"]);
    let jane = server.enter("Jane").await;
    enroll(&server, &jane, id).await;
    server.purchase(&jane, "100").await;
    let known = server.events_of(&jane).await.len();

    // The highest goes on from 100, in place of what began there.
    let tiers = json!([
        { "id": tiers[0]["id"], "name": "One", "minSpend": "0" },
        { "id": tiers[2]["id"], "name": "Deux", "minSpend": "100" },
    ]);
    written(&server, "loyaltyProgramUpdate", json!({ "id": id, "tiers": tiers })).await;
    settle_new(&server.app).await.expect("members");

    assert!(held(&server, &jane).await.contains(&"The Club: Deux".to_owned()));
    assert_eq!(server.events_since(&jane, known).await, Vec::<String>::new());
}

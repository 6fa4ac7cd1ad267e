//! Where members stand: what they have yet to spend, which tiers they held, and when they fall.

use customers::{job::settling::settle_new, store::execute};
use serde_json::{Value, json};

use crate::{
    job::run,
    loyalty_writes::{club, enroll, held, tier, written},
    server::Server,
};

/// Moves all that happened back by so many days, as though they had passed.
async fn pass(server: &Server, days: i64) {
    let moved = [
        "update orders set order_date = order_date - $1, delivered_at = delivered_at - $1",
        "update loyalty_membership set tier_since = tier_since - $1",
        "update loyalty_tier_interval set since = since - $1, until = until - $1",
    ];
    for sql in moved {
        execute(server.app.database.writer(), sql, vec![(days * 86_400_000).into()]).await.expect("a statement");
    }
}

#[tokio::test]
async fn who_did_not_reach_their_tier_again_falls_once_when_period_and_grace_are_over() {
    let server = Server::start().await;
    let input = |name: &str, grace: Value| json!({ "name": name, "evaluation": "ROLLING", "graceDays": grace, "tiers": [tier("One", "0"), tier("Two", "100")] });
    let create = "loyaltyProgram { id graceDays }";
    let recent =
        server.mutate("loyaltyProgramCreate", input("Recent", json!(10)), create).await["loyaltyProgram"].take();
    let kept = server.mutate("loyaltyProgramCreate", input("Kept", Value::Null), create).await["loyaltyProgram"].take();
    assert_eq!((&recent["graceDays"], &kept["graceDays"]), (&json!(10), &Value::Null));
    let (jane, john) = (server.enter("Jane").await, server.enter("John").await);
    for program in [&recent["id"], &kept["id"]] {
        enroll(&server, &jane, program).await;
        enroll(&server, &john, program).await;
    }
    server.purchase(&jane, "100").await;
    server.purchase(&john, "100").await;
    let known = server.events_of(&jane).await.len();
    let settled = async || run(&server, json!({ "name": "LOYALTY" })).await["changed"].clone();

    pass(&server, 374).await;
    server.purchase(&john, "100").await;
    assert_eq!(settled().await, 0);
    pass(&server, 2).await;
    assert_eq!(settled().await, 1);
    assert_eq!(settled().await, 0);

    let tiers = |tier: &str| ["Kept: Two".to_owned(), "Loyalty Program: Bronze".to_owned(), format!("Recent: {tier}")];
    assert_eq!(
        (held(&server, &jane).await, held(&server, &john).await),
        (tiers("One").to_vec(), tiers("Two").to_vec())
    );
    let falls = server.events_since(&jane, known).await;
    assert_eq!(falls, ["CUSTOMER_DOWNGRADED"]);
}

/// What a membership tells beside its tier.
const STANDING: &str = "loyaltyMemberships { nodes {
  program { name } benefits spendToNextTier history { name tier { name } since until }
} }";

/// The membership of a customer in the program of that name.
async fn standing_in(server: &Server, customer: &Value, program: &str) -> Value {
    let mut data = server.customer_fields(customer, STANDING).await["loyaltyMemberships"]["nodes"].take();
    let nodes = data.as_array_mut().expect("nodes");
    nodes.iter_mut().find(|node| node["program"]["name"] == program).expect("a membership").take()
}

/// The names of the intervals, the last first, which must follow each other without a gap.
fn names(standing: &Value) -> Vec<&str> {
    let intervals = standing["history"].as_array().expect("a list");
    assert!(intervals[0]["until"].is_null(), "{standing}");
    assert!(intervals.windows(2).all(|pair| pair[0]["since"] == pair[1]["until"]), "{standing}");
    intervals.iter().map(|interval| interval["name"].as_str().expect("a name")).collect()
}

#[tokio::test]
async fn a_membership_tells_what_is_missing_what_it_gives_and_which_tiers_it_held() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    let before = standing_in(&server, &jane, "Loyalty Program").await;
    assert_eq!((&before["spendToNextTier"], names(&before)), (&json!("500.00"), vec!["Bronze"]));
    assert_eq!(before["benefits"], json!(["Free shipping on orders over 50"]));

    server.purchase(&jane, "499.99").await;
    assert_eq!(standing_in(&server, &jane, "Loyalty Program").await["spendToNextTier"], "0.01");
    server.purchase(&jane, "0.01").await;
    let silver = standing_in(&server, &jane, "Loyalty Program").await;
    let order = server.purchase(&jane, "5000").await;
    let platinum = standing_in(&server, &jane, "Loyalty Program").await;
    let refund = json!({ "order": order, "amount": "5000" });
    server.mutate("refundCreate", refund, "refund { id }").await;
    let fallen = standing_in(&server, &jane, "Loyalty Program").await;

    assert_eq!((&silver["spendToNextTier"], names(&silver)), (&json!("1500.00"), vec!["Silver", "Bronze"]));
    let expected = ["Free shipping on orders over 50", "Free shipping", "Early access to sales"];
    assert_eq!(silver["benefits"], json!(expected));
    assert_eq!((&platinum["spendToNextTier"], names(&platinum)), (&Value::Null, vec!["Platinum", "Silver", "Bronze"]));
    assert_eq!(platinum["benefits"].as_array().map(Vec::len), Some(6));
    assert_eq!((&fallen["spendToNextTier"], names(&fallen).len()), (&json!("1500.00"), 4));
}

#[tokio::test]
async fn spending_of_a_period_leads_to_the_next_tier_and_passes() {
    let server = Server::start().await;
    let tiers = [tier("One", "0"), tier("Two", "100"), tier("Three", "200")];
    let input = json!({ "name": "Recent", "evaluation": "ROLLING", "graceDays": null, "tiers": tiers });
    let program = written(&server, "loyaltyProgramCreate", input).await["id"].take();
    let jane = server.enter("Jane").await;
    enroll(&server, &jane, &program).await;
    server.purchase(&jane, "120").await;

    let now = standing_in(&server, &jane, "Recent").await["spendToNextTier"].take();
    pass(&server, 366).await;
    let later = standing_in(&server, &jane, "Recent").await;

    assert_eq!((now, &later["spendToNextTier"]), (json!("80.00"), &json!("200.00")));
    assert_eq!(later["history"][0]["tier"]["name"], "Two");
}

#[tokio::test]
async fn a_tier_that_was_taken_away_stays_in_the_history() {
    let server = Server::start().await;
    let id = club(&server).await["id"].take();
    let jane = server.enter("Jane").await;
    enroll(&server, &jane, &id).await;
    server.purchase(&jane, "150").await;

    let tiers = json!([tier("One", "0"), tier("Most", "151")]);
    let before = standing_in(&server, &jane, "The Club").await;
    written(&server, "loyaltyProgramUpdate", json!({ "id": id, "tiers": tiers })).await;
    let unsettled = standing_in(&server, &jane, "The Club").await;
    settle_new(&server.app).await.expect("members");

    let unchanged = (&unsettled["history"][0], &unsettled["benefits"], &unsettled["spendToNextTier"]);
    assert_eq!(unchanged, (&before["history"][0], &before["benefits"], &json!("1.00")));
    let standing = standing_in(&server, &jane, "The Club").await;
    assert_eq!(names(&standing), ["One", "Two", "One"]);
    assert_eq!(
        (&standing["history"][1]["tier"]["name"], &standing["history"][2]["tier"]["name"]),
        (&json!("Two"), &json!("One"))
    );
    let error = server
        .error(&format!(
            "{{ customer(id: {jane}) {{ loyaltyMemberships {{ nodes {{ history(first: 251) {{ name }} }} }} }} }}"
        ))
        .await;
    assert!(
        error["message"].as_str().expect("a message").starts_with("first: expected a number from 0 to 250"),
        "{error}"
    );
}

#[tokio::test]
async fn memberships_read_what_they_tell_together() {
    let server = Server::demo().await;
    let before = server.app.database.statements();

    let data = server.query(&format!("{{ customers(first: 20) {{ nodes {{ {STANDING} }} }} }}")).await;

    // Customers, memberships, programs, what is missing, tiers for benefits, intervals and their tiers.
    assert_eq!(server.app.database.statements() - before, 7);
    assert_eq!(data["customers"]["nodes"].as_array().map(Vec::len), Some(20));
}

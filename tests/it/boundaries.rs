//! The figures of customers at the boundaries of their rules, once by what is kept and once by the ledger.
//!
//! Elsewhere: ties (`rfm::computation`), the ends of windows and what lies ahead (`analytics`), the ends of periods
//! (`loyalty::period`), and the same rules as conditions (`customer::tests`).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use customers::clock::Clock;
use serde_json::{Value, json};

use crate::server::{Server, user_errors};

const DAY: i64 = 86_400;

const HOUR: i64 = 3_600;

/// What is told of a customer now and as of an instant alike.
const FIGURES: &str = "totalOrders totalSpent averageOrderValue customerSegment engagement churnRisk";

/// A customer who joined so many seconds ago, and at so many seconds ago bought, and was given back, so much.
struct Case {
    name: &'static str,
    joined: i64,
    bought: &'static [(i64, &'static str)],
    returned: &'static [(i64, &'static str)],
    /// What they spent, and the mean of their purchases.
    spent: [&'static str; 2],
    /// By spending and by time: segment, tier, engagement, churn risk.
    is: [&'static str; 4],
}

const fn idle(name: &'static str, joined: i64, churn_risk: &'static str) -> Case {
    let is = ["BASIC", "Bronze", "", churn_risk];
    Case { name, joined, bought: &[], returned: &[], spent: ["0.00", "0.00"], is }
}

const fn buyer(
    name: &'static str,
    bought: &'static [(i64, &'static str)],
    spent: [&'static str; 2],
    is: [&'static str; 4],
) -> Case {
    Case { name, joined: bought[0].0, bought, returned: &[], spent, is }
}

/// By the definitions of the metrics: thresholds of 500, 1000, 2000 and 5000, windows of 30 and 90 days, gaps between
/// orders of 30 days where there are none, and risk beyond one and a half times and twice the gap.
const CASES: [Case; 30] = [
    idle("never bought, one and a half times 30 days", 46 * DAY - 1, "LOW"),
    idle("never bought, a day more", 46 * DAY, "MEDIUM"),
    idle("never bought, twice 30 days", 61 * DAY - 1, "MEDIUM"),
    idle("never bought, a day more than that", 61 * DAY, "HIGH"),
    buyer("just now", &[(0, "0.01")], ["0.01", "0.01"], ["BASIC", "Bronze", "ACTIVE", "LOW"]),
    buyer("30 days ago, below 500", &[(30 * DAY, "499.99")], ["499.99"; 2], ["BASIC", "Bronze", "ACTIVE", "LOW"]),
    buyer("a second before, 500", &[(30 * DAY + 1, "500")], ["500.00"; 2], ["BASIC", "Silver", "AT_RISK", "LOW"]),
    buyer("45 days ago, below 1000", &[(45 * DAY, "999.99")], ["999.99"; 2], ["BASIC", "Silver", "AT_RISK", "LOW"]),
    buyer("46 days ago, 1000", &[(46 * DAY, "1000")], ["1000.00"; 2], ["STANDARD", "Silver", "AT_RISK", "MEDIUM"]),
    buyer(
        "60 days ago, below 2000",
        &[(60 * DAY, "1999.99")],
        ["1999.99"; 2],
        ["STANDARD", "Silver", "AT_RISK", "MEDIUM"],
    ),
    buyer(
        "almost 61 days ago, 2000",
        &[(61 * DAY - 1, "2000")],
        ["2000.00"; 2],
        ["STANDARD", "Gold", "AT_RISK", "MEDIUM"],
    ),
    buyer("61 days ago, below 5000", &[(61 * DAY, "4999.99")], ["4999.99"; 2], ["STANDARD", "Gold", "AT_RISK", "HIGH"]),
    buyer("90 days ago, 5000", &[(90 * DAY, "5000")], ["5000.00"; 2], ["PREMIUM", "Platinum", "AT_RISK", "HIGH"]),
    buyer(
        "a second before that",
        &[(90 * DAY + 1, "5000")],
        ["5000.00"; 2],
        ["PREMIUM", "Platinum", "INACTIVE", "HIGH"],
    ),
    buyer(
        "ten days apart, 15 ago",
        &[(25 * DAY, "1"), (15 * DAY, "2")],
        ["3.00", "1.50"],
        ["BASIC", "Bronze", "ACTIVE", "LOW"],
    ),
    buyer(
        "ten days apart, 16 ago",
        &[(26 * DAY, "1"), (16 * DAY, "2")],
        ["3.00", "1.50"],
        ["BASIC", "Bronze", "ACTIVE", "MEDIUM"],
    ),
    buyer(
        "ten days apart, 20 ago",
        &[(30 * DAY, "1"), (20 * DAY, "2")],
        ["3.00", "1.50"],
        ["BASIC", "Bronze", "ACTIVE", "MEDIUM"],
    ),
    buyer(
        "ten days apart, 21 ago",
        &[(31 * DAY, "1"), (21 * DAY, "2")],
        ["3.00", "1.50"],
        ["BASIC", "Bronze", "ACTIVE", "HIGH"],
    ),
    // The mean of 12 and 9 days is 10 whole days.
    buyer(
        "a gap that is no whole number",
        &[(42 * DAY, "1"), (30 * DAY, "1"), (21 * DAY, "1")],
        ["3.00", "1.00"],
        ["BASIC", "Bronze", "ACTIVE", "HIGH"],
    ),
    buyer(
        "a day apart, one ago",
        &[(2 * DAY, "1"), (DAY, "1")],
        ["2.00", "1.00"],
        ["BASIC", "Bronze", "ACTIVE", "LOW"],
    ),
    buyer(
        "a day apart, two ago",
        &[(3 * DAY, "1"), (2 * DAY, "1")],
        ["2.00", "1.00"],
        ["BASIC", "Bronze", "ACTIVE", "MEDIUM"],
    ),
    buyer(
        "a day apart, three ago",
        &[(4 * DAY, "1"), (3 * DAY, "1")],
        ["2.00", "1.00"],
        ["BASIC", "Bronze", "ACTIVE", "HIGH"],
    ),
    buyer(
        "less than a day apart: as though there were no gap",
        &[(4 * DAY - 1, "1"), (3 * DAY, "1")],
        ["2.00", "1.00"],
        ["BASIC", "Bronze", "ACTIVE", "LOW"],
    ),
    buyer(
        "three on one day, 60 days ago",
        &[(60 * DAY + 2 * HOUR, "1"), (60 * DAY + HOUR, "1"), (60 * DAY, "2")],
        ["4.00", "1.33"],
        ["BASIC", "Bronze", "AT_RISK", "MEDIUM"],
    ),
    buyer(
        "three at once, 61 days ago",
        &[(61 * DAY, "1"), (61 * DAY, "1"), (61 * DAY, "3")],
        ["5.00", "1.67"],
        ["BASIC", "Bronze", "AT_RISK", "HIGH"],
    ),
    Case {
        returned: &[(0, "100")],
        ..buyer("back to 500", &[(DAY, "600")], ["500.00"; 2], ["BASIC", "Silver", "ACTIVE", "LOW"])
    },
    Case {
        returned: &[(0, "100.01")],
        ..buyer("back below 500", &[(DAY, "600")], ["499.99"; 2], ["BASIC", "Bronze", "ACTIVE", "LOW"])
    },
    Case {
        returned: &[(0, "5500.01")],
        ..buyer("more returned than bought", &[(DAY, "5500")], ["-0.01"; 2], ["BASIC", "Bronze", "ACTIVE", "LOW"])
    },
    // Half a cent is rounded up, below zero as well.
    Case {
        returned: &[(0, "2.01")],
        ..buyer("half a cent owed", &[(HOUR, "1"), (0, "1")], ["-0.01", "0.00"], ["BASIC", "Bronze", "ACTIVE", "LOW"])
    },
    Case { returned: &[(DAY, "5")], spent: ["-5.00", "0.00"], ..idle("only returned", 2 * DAY, "LOW") },
];

fn now() -> DateTime<Utc> {
    "2026-11-22T09:30:00Z".parse().expect("an instant")
}

fn before(seconds: i64) -> String {
    (now() - TimeDelta::seconds(seconds)).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Does what must not be refused, and gives the id of what comes of it.
async fn done(server: &Server, field: &str, input: Value, node: &str) -> Value {
    let mut payload = server.mutate(field, input, &format!("{node} {{ id }}")).await;
    assert_eq!(payload["userErrors"], json!([]), "{field}");
    payload[node]["id"].take()
}

async fn enter(server: &Server, case: &Case) {
    let input = json!({ "name": case.name, "customerSince": before(case.joined) });
    let customer = done(server, "customerCreate", input, "customer").await;
    for (seconds, price) in case.bought {
        let items = json!([{ "name": "Tea", "unitPrice": price }]);
        let input = json!({ "customer": customer, "orderDate": before(*seconds), "items": items });
        let order = done(server, "orderCreate", input, "order").await;
        done(server, "orderDeliver", json!({ "id": order, "deliveredAt": before(*seconds) }), "order").await;
    }
    for (seconds, amount) in case.returned {
        let input = json!({ "customer": customer, "amount": amount, "refundedAt": before(*seconds) });
        done(server, "refundCreate", input, "refund").await;
    }
}

/// The values of a list that are there, in its order, with how many of the cases have each.
fn counts(names: &[&str], place: usize) -> Vec<(String, usize)> {
    let count = |name: &&str| ((*name).to_owned(), CASES.iter().filter(|case| case.is[place] == *name).count());
    names.iter().map(count).collect()
}

#[tokio::test]
async fn figures_change_at_exactly_the_boundaries_of_their_rules() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    for case in &CASES {
        enter(&server, case).await;
    }

    let query = format!(
        "{{ customers(first: 250) {{ nodes {{
          name {FIGURES} loyaltyTier {{ name }}
          metrics(asOf: \"{}\") {{ deliveredOrders {FIGURES} }}
        }} }} }}",
        before(0)
    );
    let told = server.query(&query).await;
    let nodes = told["customers"]["nodes"].as_array().expect("nodes");

    for case in &CASES {
        let node = nodes.iter().find(|node| node["name"] == case.name).expect(case.name);
        let [segment, tier, engagement, churn_risk] = case.is;
        let engagement = Some(engagement).filter(|engagement| !engagement.is_empty());
        let expected = json!({
            "totalOrders": case.bought.len(), "totalSpent": case.spent[0], "averageOrderValue": case.spent[1],
            "customerSegment": segment, "engagement": engagement, "churnRisk": churn_risk,
        });
        for (name, value) in expected.as_object().expect("figures") {
            assert_eq!((&node[name], &node["metrics"][name]), (value, value), "{}: {name}", case.name);
        }
        assert_eq!(node["metrics"]["deliveredOrders"], case.bought.len(), "{}", case.name);
        assert_eq!(node["loyaltyTier"]["name"], tier, "{}", case.name);
    }
    assert_eq!(nodes.len(), CASES.len());
}

#[tokio::test]
async fn analytics_count_customers_at_the_boundaries_as_each_is_told() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    for case in &CASES {
        enter(&server, case).await;
    }
    let query = format!(
        "{{ kept: analytics(timeframe: MONTH) {{ ...Counts }} told: analytics(timeframe: MONTH, asOf: \"{}\") {{ ...Counts }} }}
        fragment Counts on Analytics {{
          totalCustomers activeCustomers churnedCustomers customersBySegment {{ segment count }}
          customersByTier {{ tier {{ name }} count }}
        }}",
        before(0)
    );

    let told = server.query(&query).await;

    let segments = counts(&["PREMIUM", "STANDARD", "BASIC"], 0);
    let tiers = counts(&["Bronze", "Silver", "Gold", "Platinum"], 1);
    let [active, churned] = [counts(&["ACTIVE"], 2), counts(&["HIGH"], 3)].map(|counts| counts[0].1);
    let expected = json!({
        "totalCustomers": CASES.len(), "activeCustomers": active, "churnedCustomers": churned,
        "customersBySegment": segments.iter().map(|(segment, count)| json!({ "segment": segment, "count": count })).collect::<Value>(),
        "customersByTier": tiers.iter().map(|(tier, count)| json!({ "tier": { "name": tier }, "count": count })).collect::<Value>(),
    });
    assert_eq!((&told["kept"], &told["told"]), (&expected, &expected));
}

#[tokio::test]
async fn what_happens_now_is_taken_and_what_happens_a_moment_later_refused() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    let later = (now() + TimeDelta::milliseconds(1)).to_rfc3339_opts(SecondsFormat::Millis, true);
    let jane = done(&server, "customerCreate", json!({ "name": "Jane", "customerSince": before(0) }), "customer").await;
    let items = json!([{ "name": "Tea", "unitPrice": "1" }]);
    let order = json!({ "customer": jane, "items": items, "orderDate": before(0) });
    let order = done(&server, "orderCreate", order, "order").await;
    let steps = [
        ("customerCreate", "customerSince", json!({ "name": "John" }), "customer"),
        ("orderCreate", "orderDate", json!({ "customer": jane, "items": items }), "order"),
        ("orderShip", "shippedAt", json!({ "id": order }), "order"),
        ("orderDeliver", "deliveredAt", json!({ "id": order }), "order"),
        ("refundCreate", "refundedAt", json!({ "order": order }), "refund"),
    ];

    for (field, instant, mut input, node) in steps {
        input[instant] = json!(later);
        let payload = server.mutate(field, input.clone(), &format!("{node} {{ id }}")).await;
        assert_eq!(user_errors(&payload), [("INVALID".to_owned(), format!("input.{instant}"))], "{field}");
        input[instant] = json!(before(0));
        done(&server, field, input, node).await;
    }
}

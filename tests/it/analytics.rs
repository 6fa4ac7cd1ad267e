//! Analytics, and the figures of customers at any instant. Expected values are computed by
//! `tests/data/analytics/expected.py`, or follow from orders made by hand.

use chrono::{DateTime, TimeDelta, Utc};
use customers::{
    clock::Clock,
    config::{Format, ImportOptions, OnError},
    customer::{metrics, row},
    import,
    loyalty::standing,
    progress::Progress,
    store::insert_all,
};
use entity::{
    ChronoUnixTimestampMillis,
    customer::{self, CustomerKind},
    order::{self, OrderStatus},
    refund,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::server::Server;

const METRICS: &str = "asOf totalOrders deliveredOrders totalSpent averageOrderValue lifetimeValue firstOrderDate
    lastOrderDate lastPurchaseDate customerSegment engagement churnRisk";

const HEADLINE: &str = "asOf since totalCustomers newCustomers activeCustomers churnedCustomers averageLTV
    averageOrderValue repeatPurchaseRate customersBySegment { segment count }";

const REST: &str = "customersByTier { tier { name } count }
    topCustomers(first: 5) { customer { externalId } revenue }
    revenueByCountry { country customers revenue }";

const POINT: &str = "start end isComplete newCustomers orders revenue activeCustomers churnedCustomers";

const COHORT: &str = "month customers cells { monthsAfter customers rate isComplete }";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// A server at an instant, with data of the project.
async fn server_with(format: Format, files: &[&str], now: &str) -> Server {
    let server = Server::start_at(Clock::Fixed(at(now))).await;
    let directory = tempfile::tempdir().expect("a directory");
    let options = ImportOptions {
        files: files.iter().map(|file| format!("data/{file}").into()).collect(),
        format,
        recent: false,
        on_error: OnError::Stop,
        rejected: Some(directory.path().join("rejected.csv")),
        dry_run: false,
    };
    import::run(&server.app, &options, &Progress::silent()).await.expect("the data");
    server
}

async fn northwind() -> Server {
    let files = ["northwind_customers.csv", "northwind_orders.csv", "northwind_order_lines.csv"];
    server_with(Format::Northwind, &files, "1998-06-15T00:00:00Z").await
}

/// Checks that a value is as expected; fractions may differ in their last digits.
pub fn assert_same(value: &Value, expected: &Value, place: &str) {
    match (value, expected) {
        (Value::Number(value), Value::Number(expected)) => {
            let (value, expected) = (value.as_f64().unwrap_or(f64::NAN), expected.as_f64().unwrap_or(f64::NAN));
            assert!((value - expected).abs() < 1e-9, "{place}: {value}, expected {expected}");
        }
        (Value::Array(values), Value::Array(expected)) => {
            assert_eq!(values.len(), expected.len(), "{place}: {values:?}, expected {expected:?}");
            for (index, (value, expected)) in values.iter().zip(expected).enumerate() {
                assert_same(value, expected, &format!("{place}.{index}"));
            }
        }
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                assert_same(value, &expected[name], &format!("{place}.{name}"));
            }
        }
        _ => assert_eq!(value, expected, "{place}"),
    }
}

async fn check(server: &Server, name: &str) {
    let text = std::fs::read_to_string("tests/data/analytics/expected.json").expect("the file");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let expected = &expected[name];
    for case in expected["analytics"].as_array().expect("cases") {
        let (timeframe, interval) =
            (case["timeframe"].as_str().expect("text"), case["interval"].as_str().expect("text"));
        let months = if name == "cdnow" { 18 } else { 24 };
        let query = format!(
            "{{ analytics(timeframe: {timeframe}, asOf: {as_of}) {{ {HEADLINE} {REST}
              series(interval: {interval}, last: {count}) {{ {POINT} }} cohorts(last: {months}) {{ {COHORT} }} }} }}",
            as_of = case["asOf"],
            count = case["count"],
        );

        let answer = server.query(&query).await;

        assert_same(&answer["analytics"], case, &format!("{name} {} {timeframe}", case["asOf"]));
    }
    for case in expected["customers"].as_array().expect("customers") {
        let query = format!(
            "{{ customerBy(key: {{ externalId: {} }}) {{ metrics(asOf: {}) {{ {METRICS} }} }} }}",
            case["externalId"], case["asOf"]
        );

        let answer = server.query(&query).await;

        assert_same(&answer["customerBy"]["metrics"], case, &format!("{name} {}", case["externalId"]));
    }
}

#[tokio::test]
async fn figures_of_northwind_are_those_computed_elsewhere_at_any_instant() {
    check(&northwind().await, "northwind").await;
}

#[tokio::test]
async fn figures_of_cdnow_are_those_computed_elsewhere_at_any_instant() {
    let server = server_with(Format::Cdnow, &["cdnow_sample.csv.gz"], "1998-07-01T00:00:00Z").await;
    check(&server, "cdnow").await;
}

#[tokio::test]
async fn figures_that_are_kept_agree_with_the_ledger_of_the_same_instant() {
    let server = northwind().await;
    let filters = ["", ", where: { totalSpent: { gte: \"5000\" } }", ", where: { orders: { none: {} } }"];

    for filter in filters {
        let query = format!(
            "{{ kept: analytics(timeframe: YEAR{filter}) {{ {HEADLINE} {REST} }}
              told: analytics(timeframe: YEAR, asOf: \"1998-06-15T00:00:00Z\"{filter}) {{ {HEADLINE} {REST} }} }}"
        );

        let answer = server.query(&query).await;

        assert_eq!(answer["kept"], answer["told"], "{filter}");
        assert_ne!(answer["kept"]["totalCustomers"], 0, "{filter}");
    }
    let fields = METRICS.replace("asOf", "");
    let query = format!("{{ customers(first: 100) {{ nodes {{ {fields} metrics {{ {fields} }} }} }} }}");
    for mut customer in server.query(&query).await["customers"]["nodes"].as_array().expect("customers").clone() {
        let told = customer.as_object_mut().and_then(|fields| fields.remove("metrics")).expect("metrics");
        assert_eq!(customer, told);
    }
}

/// The instant of the tests below.
fn now() -> DateTime<Utc> {
    at("2026-03-31T12:00:00Z")
}

fn moment(at: DateTime<Utc>) -> ChronoUnixTimestampMillis {
    ChronoUnixTimestampMillis(at)
}

async fn customer(server: &Server, since: DateTime<Utc>) -> Uuid {
    let id = Uuid::now_v7();
    let row = customer::Model::new(id, CustomerKind::Person, "Jane".to_owned(), moment(since), moment(since));
    insert_all(server.app.database.writer(), vec![row::complete(row)]).await.expect("a customer");
    id
}

/// An order of `total` cents, delivered at once.
fn purchase(customer: Uuid, at: DateTime<Utc>, total: i64) -> order::Model {
    order::Model::new(Uuid::now_v7(), customer, "USD".to_owned(), total, moment(at), moment(at)).delivered(moment(at))
}

/// Writes rows, and the figures and tiers that follow from them.
async fn write(server: &Server, orders: Vec<order::Model>, refunds: Vec<refund::Model>) {
    let tx = server.app.database.begin().await.expect("a transaction");
    insert_all(&tx, orders).await.expect("orders");
    insert_all(&tx, refunds).await.expect("refunds");
    metrics::rebuild(&tx, now(), None).await.expect("figures");
    standing::enroll(&tx, now(), None).await.expect("members");
    standing::settle_tiers(&tx, now(), None).await.expect("tiers");
    tx.commit().await.expect("a commit");
}

/// Fields of analytics by what is kept, and by the ledger, which must agree.
async fn figures(server: &Server, timeframe: &str, selection: &str) -> Value {
    let query = format!(
        "{{ kept: analytics(timeframe: {timeframe}) {{ {selection} }}
          told: analytics(timeframe: {timeframe}, asOf: \"2026-03-31T12:00:00Z\") {{ {selection} }} }}"
    );
    let mut answer = server.query(&query).await;
    assert_eq!(answer["kept"], answer["told"], "{selection}");
    answer["told"].take()
}

#[tokio::test]
async fn both_ends_of_a_window_belong_to_it_and_what_comes_later_does_not_exist() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    let (start, second) = (now() - TimeDelta::days(7), TimeDelta::milliseconds(1));
    let mut orders = Vec::new();
    for (instant, total) in [(start - second, 100), (start, 200), (now(), 400), (now() + second, 800)] {
        orders.push(purchase(customer(&server, instant).await, instant, total));
    }
    write(&server, orders, Vec::new()).await;
    let selection = "totalCustomers newCustomers activeCustomers averageLTV averageOrderValue
        topCustomers { revenue } revenueByCountry { country customers revenue }";

    let week = figures(&server, "WEEK", selection).await;

    let expected = json!({
        "totalCustomers": 3, "newCustomers": 2, "activeCustomers": 2, "averageLTV": "2.33", "averageOrderValue": "2.33",
        "topCustomers": [{ "revenue": "4.00" }, { "revenue": "2.00" }],
        "revenueByCountry": [{ "country": null, "customers": 2, "revenue": "6.00" }],
    });
    assert_eq!(week, expected);
}

#[tokio::test]
async fn a_customer_is_churned_from_the_first_day_of_high_risk_on_and_only_until_they_order() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    let joined = now() - TimeDelta::days(100);
    let jane = customer(&server, joined).await;
    let mut cancelled = purchase(jane, now() - TimeDelta::days(99), 500);
    cancelled.status = OrderStatus::Cancelled;
    cancelled.delivered_at = None;
    cancelled.cancelled_at = Some(moment(now() - TimeDelta::days(98)));
    // The first purchase, of one order: High from day 61 on. The second: the gap is 65 days.
    let orders = vec![purchase(jane, joined, 100), cancelled, purchase(jane, joined + TimeDelta::days(65), 100)];
    write(&server, orders, Vec::new()).await;
    let churned = async |days: i64, milliseconds: i64| {
        let at = joined + TimeDelta::days(days) + TimeDelta::milliseconds(milliseconds);
        let query = format!(
            "{{ analytics(timeframe: DAY, asOf: \"{}\") {{ churnedCustomers
              series(interval: DAY, last: 1) {{ churnedCustomers }} }} }}",
            at.to_rfc3339()
        );
        let answer = server.query(&query).await["analytics"].take();
        assert_eq!(answer["churnedCustomers"], answer["series"][0]["churnedCustomers"], "{answer}");
        answer["churnedCustomers"].clone()
    };

    let cases = [(0, 0, 0), (61, -1, 0), (61, 0, 1), (65, -1, 1), (65, 0, 0), (100, 0, 0)];
    for (days, milliseconds, expected) in cases {
        assert_eq!(churned(days, milliseconds).await, expected, "{days} days and {milliseconds} ms");
    }
}

#[tokio::test]
async fn more_can_be_returned_than_was_bought() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    let jane = customer(&server, now() - TimeDelta::days(40)).await;
    let refund = refund::Model {
        id: Uuid::now_v7(),
        customer_id: jane,
        order_id: None,
        external_id: None,
        amount: 1_001,
        currency: "USD".to_owned(),
        store_amount: 1_001,
        reason: None,
        refunded_at: moment(now()),
        created_at: moment(now()),
    };
    let orders =
        vec![purchase(jane, now() - TimeDelta::days(10), 100), purchase(jane, now() - TimeDelta::days(9), 100)];
    write(&server, orders, vec![refund]).await;
    let selection = "averageLTV averageOrderValue repeatPurchaseRate customersBySegment { segment count }
        customersByTier { tier { name } count } series(interval: MONTH, last: 1) { revenue orders }";

    let figures = figures(&server, "MONTH", selection).await;
    let query = format!(
        "{{ customers {{ nodes {{ metrics(asOf: \"2026-03-31T11:59:59.999Z\") {{ totalSpent averageOrderValue }}
          joining: metrics(asOf: \"{}\") {{ totalSpent }} }} }} }}",
        (now() - TimeDelta::days(41)).to_rfc3339()
    );
    let before = server.query(&query).await;

    let expected = json!({
        "averageLTV": "-8.01", "averageOrderValue": "-4.00", "repeatPurchaseRate": 100.0,
        "customersBySegment": [{ "segment": "BASIC", "count": 1 }],
        "customersByTier": [{ "tier": { "name": "Bronze" }, "count": 1 }],
        "series": [{ "revenue": "-8.01", "orders": 2 }],
    });
    assert_eq!(figures, expected);
    let expected = json!([{ "metrics": { "totalSpent": "2.00", "averageOrderValue": "1.00" }, "joining": null }]);
    assert_eq!(before["customers"]["nodes"], expected);
}

#[tokio::test]
async fn of_nobody_everything_is_nothing() {
    let server = Server::start_at(Clock::Fixed(now())).await;

    let figures = figures(&server, "YEAR", &format!("{HEADLINE} {REST} cohorts {{ {COHORT} }}")).await;

    let expected = json!({
        "asOf": "2026-03-31T12:00:00Z", "since": "2025-03-31T12:00:00Z", "totalCustomers": 0, "newCustomers": 0,
        "activeCustomers": 0, "churnedCustomers": 0, "averageLTV": "0.00", "averageOrderValue": "0.00",
        "repeatPurchaseRate": 0.0, "customersBySegment": [], "customersByTier": [], "topCustomers": [],
        "revenueByCountry": [], "cohorts": [],
    });
    assert_eq!(figures, expected);
}

#[tokio::test]
async fn what_is_asked_for_beyond_a_limit_is_refused_by_its_name() {
    let server = Server::start_at(Clock::Fixed(now())).await;
    customer(&server, now()).await;
    let cases = [
        (
            "analytics(timeframe: DAY, asOf: \"2026-03-31T12:00:00.001Z\") { asOf }",
            "asOf: expected an instant not after",
        ),
        ("customers { nodes { metrics(asOf: \"2027-01-01\") { totalSpent } } }", "asOf: expected an instant not after"),
        (
            "analytics(timeframe: DAY) { series(interval: DAY, last: 367) { start } }",
            "last: expected a number from 0 to 366",
        ),
        ("analytics(timeframe: DAY) { cohorts(last: 61) { month } }", "last: expected a number from 0 to 60"),
        (
            "analytics(timeframe: DAY) { topCustomers(first: 251) { revenue } }",
            "first: expected a number from 0 to 250",
        ),
        (
            "analytics(timeframe: DAY) { revenueByCountry(first: -1) { revenue } }",
            "first: expected a number from 0 to 250",
        ),
    ];

    for (question, expected) in cases {
        let error = server.error(&format!("{{ {question} }}")).await;
        assert!(error["message"].as_str().expect("a message").starts_with(expected), "{question}: {error}");
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{question}");
    }
}

#[tokio::test]
async fn only_what_is_selected_is_read_and_once() {
    let server = northwind().await;
    let cases = [
        (0, "analytics(timeframe: DAY) { asOf since }".to_owned()),
        (1, format!("analytics(timeframe: YEAR) {{ {HEADLINE} }}")),
        (1, format!("analytics(timeframe: YEAR, asOf: \"1998-01-01\") {{ {HEADLINE} }}")),
        (1, "analytics(timeframe: YEAR) { series(interval: DAY) { start revenue } }".to_owned()),
        (5, format!("analytics(timeframe: YEAR) {{ series(interval: DAY) {{ {POINT} }} }}")),
        (1, format!("analytics(timeframe: YEAR) {{ cohorts {{ {COHORT} }} }}")),
        (2, "analytics(timeframe: YEAR) { customersByTier { tier { name } } }".to_owned()),
        (2, "analytics(timeframe: YEAR) { topCustomers { customer { name } } }".to_owned()),
        (2, format!("customers(first: 50) {{ nodes {{ metrics(asOf: \"1998-01-01\") {{ {METRICS} }} }} }}")),
    ];

    for (expected, question) in cases {
        let before = server.app.database.statements();
        server.query(&format!("{{ {question} }}")).await;
        assert_eq!(server.app.database.statements() - before, expected, "{question}");
    }
}

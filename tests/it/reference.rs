//! Every figure of every customer of the four data sets, imported as users import them, against what
//! `tests/reference.py` computed from the same files.

use std::{collections::BTreeMap, fmt::Write};

use customers::{
    clock::Clock,
    config::{Format, ImportOptions, OnError},
    import,
    progress::Progress,
};
use entity::refund;
use sea_orm::{EntityTrait, PaginatorTrait};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{analytics::assert_same, job::run, server::Server};

/// What a customer is told of now and of an instant alike.
const FIGURES: &str = "totalOrders totalSpent averageOrderValue firstOrderDate lastOrderDate lastPurchaseDate
    customerSegment engagement churnRisk rfm { score segment }";

const LOYALTY: &str = "loyaltyTier { name }
    loyaltyMemberships(first: 1) { nodes { tierSince spendToNextTier history { name since } } }";

const HEADLINE: &str = "totalCustomers newCustomers activeCustomers churnedCustomers averageLTV averageOrderValue
    repeatPurchaseRate customersBySegment { segment count } customersByTier { tier { name } count }";

fn reference(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("tests/data/reference/{name}.json")).expect("the file");
    serde_json::from_str(&text).expect("JSON")
}

/// A server at the instant of the reference, with the data and all scores.
async fn server_with(expected: &Value, format: Format, files: &[&str]) -> Server {
    let now = expected["asOf"].as_str().expect("an instant").parse().expect("an instant");
    let currency = if matches!(format, Format::OnlineRetail) { "GBP" } else { "USD" };
    let server = Server::start_in(currency, Clock::Fixed(now)).await;
    let options = ImportOptions {
        files: files.iter().map(Into::into).collect(),
        format,
        recent: false,
        on_error: OnError::Stop,
        rejected: None,
        dry_run: false,
    };
    import::run(&server.app, &options, &Progress::silent()).await.expect("the data");
    run(&server, json!({ "name": "RFM" })).await;
    run(&server, json!({ "name": "RFM", "asOf": expected["past"]["asOf"] })).await;
    server
}

/// Values as they stand in a line.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The figures from the number of orders to the segment by scores.
fn figures(told: &Value, delivered: &Value) -> Vec<String> {
    let names = [
        "totalSpent",
        "averageOrderValue",
        "firstOrderDate",
        "lastOrderDate",
        "lastPurchaseDate",
        "customerSegment",
        "engagement",
        "churnRisk",
    ];
    let mut values = vec![text(&told["totalOrders"]), text(delivered)];
    values.extend(names.map(|name| text(&told[name])));
    values.extend(["score", "segment"].map(|name| text(&told["rfm"][name])));
    values
}

/// The line of a customer, whose figures of the instant must be those that are kept.
fn line(node: &Value) -> String {
    let delivered = &node["metrics"]["deliveredOrders"];
    let kept = figures(node, delivered);
    assert_eq!(kept, figures(&node["metrics"], delivered), "{node}");
    assert_eq!(node["lifetimeValue"], node["totalSpent"]);
    let membership = &node["loyaltyMemberships"]["nodes"][0];
    let intervals = membership["history"].as_array().expect("a list").iter();
    let history: Vec<_> = intervals.map(|held| format!("{}@{}", text(&held["name"]), text(&held["since"]))).collect();
    let mut values = vec![text(&node["externalId"]), text(&node["customerSince"])];
    values.extend(kept);
    values.extend([text(&node["loyaltyTier"]["name"]), text(&membership["tierSince"]), history.join(" ")]);
    values.push(text(&membership["spendToNextTier"]));
    values.join("|")
}

/// The lines of all customers, by their key in the file.
async fn lines(server: &Server, as_of: &Value) -> BTreeMap<String, String> {
    let (mut lines, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let query = format!(
            "{{ customers(first: 200, after: {after}) {{
              nodes {{
                externalId customerSince lifetimeValue {FIGURES} {LOYALTY}
                metrics(asOf: {as_of}) {{ deliveredOrders {FIGURES} }}
              }}
              pageInfo {{ hasNextPage endCursor }}
            }} }}"
        );
        let mut page = server.query(&query).await["customers"].take();
        for node in page["nodes"].as_array().expect("nodes") {
            lines.insert(text(&node["externalId"]), line(node));
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return lines;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

/// The whole of a data set.
async fn check(name: &str, format: Format, files: &[&str]) -> (Server, Value) {
    let expected = reference(name);
    let server = server_with(&expected, format, files).await;
    let as_of = &expected["asOf"];

    let lines = lines(&server, as_of).await;

    for line in expected["lines"].as_array().expect("lines") {
        let line = line.as_str().expect("a line");
        let key = line.split('|').next().expect("a key");
        assert_eq!(lines.get(key).map(String::as_str), Some(line));
    }
    let whole = lines.into_values().collect::<Vec<_>>().join("\n");
    let mut digest = String::new();
    for byte in Sha256::digest(whole) {
        write!(digest, "{byte:02x}").expect("text has room");
    }
    assert_eq!(digest, expected["digest"], "the lines of others than the {name} in the file");

    check_past(&server, &expected["past"]).await;
    for (days, timeframe) in [("1", "DAY"), ("7", "WEEK"), ("30", "MONTH"), ("365", "YEAR")] {
        for instant in [String::new(), format!(", asOf: {as_of}")] {
            let query = format!("{{ analytics(timeframe: {timeframe}{instant}) {{ {HEADLINE} }} }}");
            let told = server.query(&query).await["analytics"].take();
            assert_same(&told, &expected["analytics"][days], &format!("{name} {timeframe}{instant}"));
        }
    }
    let query = "{ analytics(timeframe: DAY) { cohorts(last: 60) { month cells { customers } } } }";
    let told = server.query(query).await;
    let cohorts = told["analytics"]["cohorts"].as_array().expect("cohorts").iter().map(|cohort| {
        let cells: Vec<_> =
            cohort["cells"].as_array().expect("cells").iter().map(|cell| cell["customers"].clone()).collect();
        json!([cohort["month"], cells])
    });
    assert_eq!(cohorts.collect::<Value>(), expected["cohorts"], "{name}");
    (server, expected)
}

async fn check_past(server: &Server, past: &Value) {
    for line in past["lines"].as_array().expect("lines") {
        let line = line.as_str().expect("a line");
        let key = line.split('|').next().expect("a key");
        let query = format!(
            "{{ customerBy(key: {{ externalId: \"{key}\" }}) {{
              metrics(asOf: {}) {{ deliveredOrders {FIGURES} }}
            }} }}",
            past["asOf"]
        );
        let told = server.query(&query).await["customerBy"]["metrics"].take();
        let told = [vec![key.to_owned()], figures(&told, &told["deliveredOrders"])].concat().join("|");
        assert_eq!(told, line, "{}", past["asOf"]);
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(f64::NAN)
}

/// The purchase model, whose likelihood must reach the greatest that was found, and which must predict the same.
async fn check_model(server: &Server, expected: &Value) {
    run(server, json!({ "name": "LTV" })).await;

    let selection = "customers repeatCustomers spendingCustomers logLikelihood spendingLogLikelihood";
    let data = server.query(&format!("{{ lifetimeValueRuns(first: 1) {{ nodes {{ {selection} }} }} }}")).await;
    let model = &data["lifetimeValueRuns"]["nodes"][0];
    for name in ["customers", "repeatCustomers", "spendingCustomers"] {
        assert_eq!(model[name], expected[name], "{name}");
    }
    for name in ["logLikelihood", "spendingLogLikelihood"] {
        let short = number(&expected[name]) - number(&model[name]);
        assert!(short < 0.05, "{name}: {model}, expected {}", expected[name]);
    }
    for (key, prediction) in expected["predictions"].as_object().expect("predictions") {
        let fields = "pAlive expectedPurchases(weeks: 52) expectedAverageValue predictedLifetimeValue";
        let query = format!("{{ customerBy(key: {{ externalId: \"{key}\" }}) {{ {fields} }} }}");
        let told = server.query(&query).await["customerBy"].take();
        let tolerances = [
            ("pAlive", 0.002, 0.0),
            ("expectedPurchases", 0.0, 0.005),
            ("expectedAverageValue", 0.005, 0.005),
            ("predictedLifetimeValue", 0.005, 0.01),
        ];
        for (name, absolute, relative) in tolerances {
            let (value, expected) = (number(&told[name]), number(&prediction[name]));
            let distance = (value - expected).abs();
            assert!(distance <= absolute + relative * expected, "{key}.{name}: {value}, expected {expected}");
        }
    }
}

#[tokio::test]
async fn every_figure_of_northwind_is_the_one_computed_elsewhere() {
    let files = ["data/northwind_customers.csv", "data/northwind_orders.csv", "data/northwind_order_lines.csv"];
    let (server, expected) = check("northwind", Format::Northwind, &files).await;
    check_model(&server, &expected["model"]).await;
}

#[tokio::test]
async fn every_figure_of_chinook_is_the_one_computed_elsewhere() {
    check("chinook", Format::Chinook, &["data/chinook_customers.csv", "data/chinook_invoices.csv"]).await;
}

/// The numbers of customers, orders and refunds are those of the file of 541,909 lines, as published.
#[tokio::test]
async fn every_figure_of_online_retail_is_the_one_computed_elsewhere() {
    let files = ["tests/data/online_retail/invoices.csv.gz"];
    let (server, expected) = check("online_retail", Format::OnlineRetail, &files).await;
    let query = r#"{
        customers { totalCount }
        orders { totalCount }
        onlyReturning: customers(where: { totalOrders: { eq: 0 } }) { totalCount }
        owed: customers(where: { totalSpent: { lt: "0" } }) { totalCount }
    }"#;
    let told = server.query(query).await;
    let counts = ["customers", "orders", "onlyReturning", "owed"].map(|name| told[name]["totalCount"].as_u64());
    assert_eq!(counts, [4_372, 18_536, 33, 41].map(Some));
    let refunds = refund::Entity::find().count(server.app.database.reader()).await;
    assert_eq!(refunds.expect("a count"), 3_654);
    check_model(&server, &expected["model"]).await;
}

/// Its purchase model is that of `lifetime_value`, against published parameters.
#[tokio::test]
async fn every_figure_of_the_sample_of_cdnow_is_the_one_computed_elsewhere() {
    check("cdnow", Format::Cdnow, &["data/cdnow_sample.csv.gz"]).await;
}

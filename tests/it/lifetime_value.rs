//! The purchase model: fitted to the ledger, applied to customers, read by everyone. Expected values are published, or
//! computed by `tests/data/lifetime_value/expected.py`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use customers::{
    clock::Clock,
    config::{Format, ImportOptions, OnError},
    import,
    lifetime_value::summary,
    progress::Progress,
    settings,
    store::{Dialect, execute},
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    job::run,
    program::{printed, program},
    server::Server,
};

const RUN: &str = "asOf isHistorical customers repeatCustomers noFit r alpha a b logLikelihood
    spendingCustomers p q v spendingLogLikelihood monthlyDiscount";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn read(name: &str) -> Value {
    let text = std::fs::read_to_string(format!("tests/data/lifetime_value/{name}")).expect("the file");
    serde_json::from_str(&text).expect("JSON")
}

fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().expect("a decimal"),
        other => other.as_f64().expect("a number"),
    }
}

fn assert_near(value: &Value, expected: &Value, relative: f64) {
    let (value, expected) = (number(value), number(expected));
    assert!((value - expected).abs() <= relative * expected.abs() + 1e-12, "{value}, expected {expected}");
}

/// A server with the CDNOW sample, at the end of its last day.
async fn cdnow() -> Server {
    let server = Server::start_at(Clock::Fixed(at("1998-07-01T00:00:00Z"))).await;
    let directory = tempfile::tempdir().expect("a directory");
    let options = ImportOptions {
        files: vec!["data/cdnow_sample.csv.gz".into()],
        format: Format::Cdnow,
        recent: false,
        on_error: OnError::Stop,
        rejected: Some(directory.path().join("rejected.csv")),
        dry_run: false,
    };
    import::run(&server.app, &options, &Progress::silent()).await.expect("the sample");
    server
}

/// What is selected of a customer of the sample.
async fn customer(server: &Server, external_id: &Value, selection: &str) -> Value {
    let query = format!("{{ customerBy(key: {{ externalId: {external_id} }}) {{ {selection} }} }}");
    server.query(&query).await["customerBy"].take()
}

fn assert_is(run: &Value, expected: &Value) {
    for name in ["customers", "repeatCustomers", "spendingCustomers"] {
        assert_eq!(run[name], expected[name], "{name}");
    }
    for name in ["r", "alpha", "a", "b"] {
        assert_near(&run[name], &expected["bgNbd"][name], 0.001);
    }
    for name in ["p", "q", "v"] {
        assert_near(&run[name], &expected["gammaGamma"][name], 0.001);
    }
    for name in ["logLikelihood", "spendingLogLikelihood"] {
        let beyond = number(&run[name]) - number(&expected[name]);
        assert!(beyond.abs() < 0.001, "{name}: {run}");
    }
    assert!(run["noFit"].is_null(), "{run}");
}

/// Runs the job.
async fn fit(server: &Server, as_of: Option<&str>) -> Value {
    run(server, json!({ "name": "LTV", "asOf": as_of })).await
}

#[tokio::test]
async fn the_ledger_of_the_sample_gives_the_published_summary() {
    let server = cdnow().await;
    let published = std::fs::read_to_string("tests/data/lifetime_value/cdnow_summary_published.csv").expect("the file");
    let published: HashMap<String, Vec<String>> = published
        .lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>())
        .map(|fields| (fields[0].clone(), fields[2..].to_vec()))
        .collect();
    let names = server.query("{ customers(first: 250) { nodes { id externalId } } }").await;
    assert!(names["customers"]["nodes"][0]["externalId"].is_string());

    let reader = server.app.database.patient_reader();
    let known = summary::page(reader, (at("1997-09-30T00:00:00Z"), true), Uuid::nil()).await.expect("a summary");

    assert_eq!(known.len(), 2357);
    let mut summaries: Vec<Vec<String>> = known
        .iter()
        .map(|known| {
            let summary = known.summary.expect("everyone has bought");
            let history = summary.history;
            let weeks = |days: u32| format!("{:.2}", f64::from(days) / 7.0);
            let cents = if history.repeats == 0 { 0 } else { summary.repeat_spent / i64::from(history.repeats) };
            vec![
                history.repeats.to_string(),
                weeks(history.recency_days),
                weeks(history.age_days),
                format!("{}.{:02}", cents / 100, cents % 100),
            ]
        })
        .collect();
    let mut published: Vec<Vec<String>> = published.into_values().collect();
    // The file's amounts are means of two digits, cut off or rounded: they are compared below, by the cent.
    let amounts = |rows: &mut Vec<Vec<String>>| {
        rows.sort();
        let amounts: Vec<f64> = rows.iter_mut().map(|row| row.pop().expect("z").parse().expect("an amount")).collect();
        amounts
    };
    let (own, theirs) = (amounts(&mut summaries), amounts(&mut published));
    assert_eq!(summaries, published);
    for (own, theirs) in own.into_iter().zip(theirs) {
        assert!((own - theirs).abs() < 0.011, "{own}, published {theirs}");
    }
}

#[tokio::test]
async fn a_run_of_the_past_gives_the_published_parameters_and_leaves_predictions_alone() {
    let server = cdnow().await;

    let run = fit(&server, Some("1997-09-30T00:00:00Z")).await;

    assert_eq!((&run["examined"], &run["changed"]), (&json!(2357), &json!(0)));
    let data = server.query(&format!("{{ lifetimeValueRuns {{ totalCount nodes {{ {RUN} }} }} }}")).await;
    let run = &data["lifetimeValueRuns"]["nodes"][0];
    assert_eq!((&run["asOf"], &run["isHistorical"]), (&json!("1997-09-30T00:00:00Z"), &json!(true)));
    assert_is(run, &read("expected.json")["calibration"]);
    let published = &read("published_reference.json")["bgnbdBtyd"];
    for name in ["r", "alpha", "a", "b"] {
        assert_near(&run[name], &published[name], 0.001);
    }
    assert!((number(&run["logLikelihood"]) - number(&published["logLikelihood"])).abs() < 0.05);
    let fields = "pAlive expectedPurchases(weeks: 52) expectedAverageValue predictedLifetimeValue";
    let nobody = customer(&server, &json!("00004"), fields).await;
    assert!(nobody.as_object().expect("fields").values().all(Value::is_null), "{nobody}");
}

#[tokio::test]
async fn predictions_are_those_of_the_formulas_and_are_written_once() {
    let server = cdnow().await;
    let expected = &read("expected.json")["whole"];

    let first = fit(&server, None).await;
    let second = fit(&server, None).await;

    assert_eq!((&first["changed"], &second["changed"]), (&json!(2357), &json!(0)));
    let data = server.query(&format!("{{ lifetimeValueRuns {{ totalCount nodes {{ {RUN} }} }} }}")).await;
    assert_eq!(data["lifetimeValueRuns"]["totalCount"], 2);
    assert_is(&data["lifetimeValueRuns"]["nodes"][0], expected);
    let fields = "pAlive week: expectedPurchases(weeks: 1) year: expectedPurchases(weeks: 52)
        expectedAverageValue predictedLifetimeValue lifetimeValue totalSpent";
    for prediction in expected["predictions"].as_array().expect("a list") {
        let told = customer(&server, &prediction["externalId"], fields).await;
        assert_near(&told["pAlive"], &prediction["pAlive"], 0.002);
        assert_near(&told["week"], &prediction["expectedPurchases"]["1"], 0.005);
        assert_near(&told["year"], &prediction["expectedPurchases"]["52"], 0.005);
        for name in ["expectedAverageValue", "predictedLifetimeValue"] {
            let (told, expected) = (number(&told[name]), number(&prediction[name]));
            assert!((told - expected).abs() < 0.005 + 0.002 * expected, "{name}: {told}, expected {expected}");
        }
        assert_eq!(told["lifetimeValue"], told["totalSpent"], "what is predicted is no part of it");
    }
}

#[tokio::test]
async fn values_are_discounted_as_the_store_has_settled() {
    let server = cdnow().await;
    settings::set_valuation(&server.app.database, None, Some(0.0)).await.expect("a setting");
    let server = server.restart().await;

    fit(&server, None).await;

    let run = server.query("{ lifetimeValueRuns { nodes { monthlyDiscount } } }").await;
    assert_eq!(run["lifetimeValueRuns"]["nodes"], json!([{ "monthlyDiscount": 0.0 }]));
    // Twelve months of 4.345 weeks.
    let fields = "expectedPurchases(weeks: 52.14) expectedAverageValue predictedLifetimeValue";
    let told = customer(&server, &json!("00004"), fields).await;
    let [purchases, average, value] =
        ["expectedPurchases", "expectedAverageValue", "predictedLifetimeValue"].map(|name| number(&told[name]));
    assert!(value > 1.0 && (value - purchases * average).abs() < 0.005 * (1.0 + purchases) + 1e-9, "{told}");
}

/// Whoever writes a prediction anew loses the lease: the batch goes through, and none comes after it.
async fn stop_half_way(server: &Server) {
    let sql = match server.app.database.dialect() {
        Dialect::Sqlite => {
            "create trigger end_of_job after update on lifetime_value_prediction begin delete from job_lease; end"
        }
        Dialect::Postgres => {
            "create function end_job() returns trigger language plpgsql as
                'begin delete from job_lease; return null; end';
            create trigger end_of_job after update on lifetime_value_prediction execute function end_job()"
        }
    };
    server.app.database.writer().execute_unprepared(sql).await.expect("a trigger");
}

#[tokio::test]
async fn what_is_told_of_a_customer_is_by_one_fit_also_when_the_job_stops_half_way() {
    let server = cdnow().await;
    settings::set_valuation(&server.app.database, None, Some(0.0)).await.expect("a setting");
    let server = server.restart().await;
    fit(&server, None).await;
    let fields = "id pAlive expectedPurchases(weeks: 52.14) expectedAverageValue predictedLifetimeValue";
    let told = async || {
        let mut nodes = Vec::new();
        let mut after = Value::Null;
        loop {
            let query = format!(
                "{{ customers(first: 250, after: {after}) {{ nodes {{ {fields} }} pageInfo {{ endCursor hasNextPage }} }} }}"
            );
            let mut page = server.query(&query).await["customers"].take();
            nodes.append(page["nodes"].as_array_mut().expect("nodes"));
            after = page["pageInfo"]["endCursor"].take();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                return nodes;
            }
        }
    };
    let before = told().await;
    // Nobody has bought for 60 days more, which tells of other parameters.
    let earlier = "update orders set order_date = order_date - 5184000000, delivered_at = delivered_at - 5184000000";
    execute(server.app.database.writer(), earlier, Vec::new()).await.expect("orders");
    stop_half_way(&server).await;

    let stopped = fit(&server, None).await;

    assert_eq!((&stopped["state"], &stopped["changed"]), (&json!("FAILED"), &json!(250)), "{stopped}");
    let half = told().await;
    assert_eq!(before.iter().zip(&half).filter(|(before, half)| before != half).count(), 250);
    // Undiscounted, the value of twelve months of 4.345 weeks is that of the purchases expected in them.
    for told in before.iter().chain(&half) {
        let [purchases, average, value] =
            ["expectedPurchases", "expectedAverageValue", "predictedLifetimeValue"].map(|name| number(&told[name]));
        assert!((value - purchases * average).abs() < 0.005 * (1.0 + purchases) + 1e-9, "{told}");
    }
}

#[tokio::test]
async fn customers_are_found_by_what_is_predicted_of_them() {
    let server = cdnow().await;
    let count = async |condition: &str| {
        let data = server.query(&format!("{{ customers(where: {{ {condition} }}) {{ totalCount }} }}")).await;
        data["customers"]["totalCount"].as_i64().expect("a number")
    };
    assert_eq!(count("pAlive: { isNull: true }").await, 2357);

    fit(&server, None).await;

    // Who bought on one day only, by construction: everyone but 1139.
    assert_eq!(count("pAlive: { eq: 1 }").await, 2357 - 1139);
    assert_eq!(count("pAlive: { in: [1, 2] }").await, 2357 - 1139);
    assert_eq!(count("pAlive: { isNull: true }").await, 0);
    let valuable = count("predictedLifetimeValue: { gte: \"100\" }").await;
    let less = count("predictedLifetimeValue: { lt: \"100\" }").await;
    assert!(valuable > 0 && valuable + less == 2357, "{valuable} {less}");
    let data = server
        .query("{ customers(first: 250, where: { predictedLifetimeValue: { gte: \"100\" } }) { nodes { predictedLifetimeValue } } }")
        .await;
    let nodes = data["customers"]["nodes"].as_array().expect("nodes");
    assert!(nodes.iter().all(|node| number(&node["predictedLifetimeValue"]) >= 100.0));
}

#[tokio::test]
async fn a_page_reads_its_predictions_in_one_statement() {
    let server = cdnow().await;
    fit(&server, None).await;
    let statements = async |query: &str| {
        let before = server.app.database.statements();
        server.query(query).await;
        server.app.database.statements() - before
    };

    // Customers; what is predicted of them.
    let all = "{ customers(first: 50) { nodes { pAlive expectedAverageValue predictedLifetimeValue } } }";
    assert_eq!(statements(all).await, 2);
    let ahead =
        "{ customers(first: 50) { nodes { pAlive a: expectedPurchases(weeks: 4) b: expectedPurchases(weeks: 8) } } }";
    assert_eq!(statements(ahead).await, 2);
}

#[tokio::test]
async fn without_enough_customers_nothing_is_predicted_and_the_reason_is_told() {
    let server = cdnow().await;
    fit(&server, None).await;
    // Nobody bought more than once by the second of January.
    let empty = Server::start().await;

    fit(&server, Some("1997-01-02T00:00:00Z")).await;
    fit(&empty, None).await;

    let query = "{ lifetimeValueRuns(where: { noFit: { eq: TOO_FEW_REPEAT_CUSTOMERS } }) { nodes { customers noFit r p logLikelihood } } }";
    for (server, customers) in [(&server, 40), (&empty, 0)] {
        let mut runs = server.query(query).await["lifetimeValueRuns"]["nodes"].take();
        assert_eq!(runs[0]["customers"].take(), customers);
        let expected = json!({ "customers": null, "noFit": "TOO_FEW_REPEAT_CUSTOMERS", "r": null, "p": null, "logLikelihood": null });
        assert_eq!(runs, json!([expected]));
    }
    assert!(customer(&server, &json!("00004"), "pAlive").await["pAlive"].is_number(), "history leaves it alone");
}

#[tokio::test]
async fn weeks_that_cannot_be_are_refused_and_fail_alone() {
    let server = cdnow().await;

    for weeks in ["-1", "520.5"] {
        let query = format!(
            "{{ customerBy(key: {{ externalId: \"00004\" }}) {{ totalOrders expectedPurchases(weeks: {weeks}) }} }}"
        );
        let answer = server.answer(&query, json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{answer}");
        assert_eq!(answer["data"]["customerBy"], json!({ "totalOrders": 4, "expectedPurchases": null }));
    }
}

#[tokio::test]
async fn the_command_fits_the_model() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = format!("sqlite://{}?mode=rwc", directory.path().join("test.db").display());
    let rejected = directory.path().join("rejected.csv").display().to_string();
    let import = ["import", "data/cdnow_sample.csv.gz", "--format", "cdnow", "--rejected", &rejected];
    printed(&[&import[..], &["--database", &database]].concat()).await;

    let past = printed(&["jobs", "run", "ltv", "--as-of", "1997-09-30", "--database", &database]).await;
    let now = program(&["jobs", "run", "ltv", "--database", &database]).output().await.expect("the program runs");
    let future = ["jobs", "run", "ltv", "--as-of", "9999-01-01", "--database", &database];
    let refused = program(&future).output().await.expect("the program runs");

    assert!(past.contains("ltv: 2357 examined, 0 changed"), "{past}");
    let [now, doing] = [now.stdout, now.stderr].map(|text| String::from_utf8(text).expect("a text"));
    assert!(now.contains("ltv: 2357 examined, 2357 changed"), "{now}");
    let steps = ["2357 of 2357 customers read", "fitting the purchase model", "2357 of 2357 customers predicted"];
    let places = steps.map(|step| doing.find(step).unwrap_or_else(|| panic!("{step}: {doing}")));
    assert!(places.is_sorted(), "{doing}");
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("not in the future"));
}

#[tokio::test]
async fn figures_of_the_instant_of_a_run_tell_what_it_would_have_predicted() {
    let server = cdnow().await;
    fit(&server, Some("1998-06-30T00:00:00Z")).await;
    fit(&server, Some("1997-09-30T00:00:00Z")).await;
    run(&server, json!({ "name": "RFM", "asOf": "1997-09-30T00:00:00Z" })).await;
    let fields = "rfm { score segment run { asOf population } } pAlive expectedPurchases(weeks: 52)
        expectedAverageValue predictedLifetimeValue";
    let metrics = async |external_id: &Value, as_of: &str| {
        customer(&server, external_id, &format!("metrics(asOf: \"{as_of}\") {{ {fields} }}")).await["metrics"].take()
    };

    // The customer of the published example, whose sample id is 1516.
    let published = &read("published_reference.json")["bgnbdBtyd"]["customer"];
    let told = metrics(&published["customerId"], "1997-09-30T00:00:00Z").await;
    assert_near(&told["pAlive"], &published["pAlive"], 0.002);
    assert_near(&told["expectedPurchases"], &published["expectedPurchases52w"], 0.005);
    assert_eq!(told["rfm"]["run"], json!({ "asOf": "1997-09-30T00:00:00Z", "population": 2357 }));
    let twice = "metrics(asOf: \"1997-09-30T00:00:00Z\") { bare: rfm { score } rfm { run { asOf population } } }";
    let twice = customer(&server, &published["customerId"], twice).await["metrics"].take();
    assert_eq!(twice["rfm"]["run"], told["rfm"]["run"], "whatever is asked for besides");
    let moment_later = metrics(&published["customerId"], "1997-09-30T00:00:00.001Z").await;
    let nothing = json!({ "rfm": null, "pAlive": null, "expectedPurchases": null, "expectedAverageValue": null, "predictedLifetimeValue": null });
    assert_eq!(moment_later, nothing);
    let half = metrics(&published["customerId"], "1998-06-30T00:00:00Z").await;
    assert!(half["rfm"].is_null() && half["pAlive"].is_number(), "{half}");

    // Those of now, told of the present and of the instant of its run, are the same.
    run(&server, json!({ "name": "RFM" })).await;
    fit(&server, None).await;
    let data =
        server.query("{ rfmRuns(first: 1) { nodes { asOf } } lifetimeValueRuns(where: { isHistorical: { eq: false } }) { nodes { asOf } } }").await;
    let [scored, fitted] = ["rfmRuns", "lifetimeValueRuns"].map(|list| data[list]["nodes"][0]["asOf"].clone());
    let before = server.app.database.statements();
    let model = "pAlive expectedPurchases(weeks: 9) expectedAverageValue predictedLifetimeValue";
    let scores = "rfm { recency frequency monetary score segment }";
    let query = format!(
        "{{ customers(first: 250) {{ nodes {{ {model} {scores}
            scored: metrics(asOf: {scored}) {{ {scores} }} fitted: metrics(asOf: {fitted}) {{ {model} }} }} }} }}"
    );
    let mut data = server.query(&query).await["customers"]["nodes"].take();
    // Customers, scores, predictions; figures and the run; figures, the run and the purchases.
    assert_eq!(server.app.database.statements() - before, 8);
    for node in data.as_array_mut().expect("nodes") {
        let (scored, fitted) = (node["scored"].take(), node["fitted"].take());
        assert_eq!(scored["rfm"], node["rfm"]);
        for name in ["pAlive", "expectedPurchases", "expectedAverageValue", "predictedLifetimeValue"] {
            assert_eq!(fitted[name], node[name], "{name}");
        }
    }
}

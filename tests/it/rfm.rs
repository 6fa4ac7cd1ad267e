//! Scores by recency, frequency and monetary value, against those that `tests/rfm_reference.py` counted.

use std::{collections::BTreeMap, fs};

use customers::{
    config::{Format, ImportOptions, OnError},
    import,
    progress::Progress,
};
use serde_json::{Value, json};

use crate::{job::run, server::Server};

/// A server with the sample of CDNOW.
async fn cdnow() -> Server {
    let server = Server::start().await;
    let options = ImportOptions {
        files: vec!["data/cdnow_sample.csv.gz".into()],
        format: Format::Cdnow,
        recent: false,
        on_error: OnError::Stop,
        rejected: None,
        dry_run: false,
    };
    import::run(&server.app, &options, &Progress::silent()).await.expect("an import");
    server
}

/// The score and the segment of each customer, by their key in the file.
async fn scores(server: &Server) -> BTreeMap<String, (String, String)> {
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (mut scores, mut after) = (BTreeMap::new(), Value::Null);
    loop {
        let query = format!(
            "{{ customers(first: 250, after: {after}) {{
              nodes {{ externalId rfm {{ score segment }} }} pageInfo {{ hasNextPage endCursor }}
            }} }}"
        );
        let mut page = server.query(&query).await["customers"].take();
        for node in page["nodes"].as_array().expect("nodes") {
            scores.insert(word(&node["externalId"]), (word(&node["rfm"]["score"]), word(&node["rfm"]["segment"])));
        }
        if page["pageInfo"]["hasNextPage"] == false {
            return scores;
        }
        after = page["pageInfo"]["endCursor"].take();
    }
}

fn counted_scores() -> BTreeMap<String, (String, String)> {
    let file = fs::read_to_string("tests/data/rfm_cdnow.csv").expect("the file");
    let rows = file.lines().skip(1).map(|line| {
        let mut cells = line.split(',').map(str::to_owned);
        let mut next = || cells.next().expect("three columns");
        let (customer, score, segment) = (next(), next(), next());
        (customer, (score, segment))
    });
    rows.collect()
}

/// What a run came to, in the shape of the reference.
async fn found(server: &Server, is_historical: bool) -> Value {
    let query = format!(
        "{{ rfmRuns(first: 1, where: {{ isHistorical: {{ eq: {is_historical} }} }}) {{ nodes {{
          population
          cutPoints {{ score recencyDays purchases spending }}
          grid {{ recency frequency count revenue }}
          segments {{ segment count revenue }}
        }} }} }}"
    );
    let run = server.query(&query).await["rfmRuns"]["nodes"][0].take();
    let lines = |list: &Value, fields: &[&str]| -> Vec<Value> {
        let line = |thing: &Value| fields.iter().map(|field| thing[*field].clone()).collect();
        list.as_array().expect("a list").iter().map(line).collect()
    };
    let segments: serde_json::Map<_, _> = lines(&run["segments"], &["segment", "count", "revenue"])
        .into_iter()
        .map(|share| (share[0].as_str().expect("a name").to_owned(), json!([share[1], share[2]])))
        .collect();
    json!({
        "population": run["population"],
        "cutPoints": lines(&run["cutPoints"], &["score", "recencyDays", "purchases", "spending"]),
        "grid": lines(&run["grid"], &["recency", "frequency", "count", "revenue"]),
        "segments": segments,
    })
}

async fn members(server: &Server) -> BTreeMap<String, Value> {
    let query = "{ segments(first: 50, where: { handle: { startsWith: \"rfm-\" } }) {
      nodes { handle isBuiltIn kind customers { totalCount } }
    } }";
    let data = server.query(query).await;
    let nodes = data["segments"]["nodes"].as_array().expect("nodes");
    let name = |node: &Value| {
        let handle = node["handle"].as_str().expect("a handle");
        handle.trim_start_matches("rfm-").replace('-', "_").to_uppercase()
    };
    nodes.iter().map(|node| (name(node), node["customers"]["totalCount"].clone())).collect()
}

async fn count(server: &Server, condition: &str) -> Value {
    let query = format!("{{ customers(where: {condition}) {{ totalCount }} }}");
    server.query(&query).await["customers"]["totalCount"].take()
}

#[tokio::test]
async fn the_scores_of_cdnow_are_those_of_an_independent_count() {
    let server = cdnow().await;
    let reference = fs::read_to_string("tests/data/rfm_cdnow.json").expect("the file");
    let reference: Value = serde_json::from_str(&reference).expect("JSON");
    let counted = &reference["1998-07-01"];

    // All customers are so many days further from their purchases now, which changes no score.
    let first = run(&server, json!({ "name": "RFM" })).await;
    assert_eq!((&first["state"], &first["changed"]), (&json!("SUCCEEDED"), &json!(2357)), "{first}");
    assert_eq!(scores(&server).await, counted_scores());
    let now = found(&server, false).await;
    assert_eq!((&now["grid"], &now["segments"]), (&counted["grid"], &counted["segments"]));
    for (segment, count) in members(&server).await {
        assert_eq!(count, counted["segments"][&segment][0], "{segment}");
    }
    let champions = &counted["segments"]["CHAMPIONS"][0];
    assert_eq!(&count(&server, "{ rfm: { segment: { eq: CHAMPIONS } } }").await, champions);
    assert_eq!(
        count(&server, "{ not: { rfm: { segment: { eq: CHAMPIONS } } } }").await,
        2357 - champions.as_i64().expect("a count")
    );
    let best = counted_scores().values().filter(|(score, _)| score == "555").count();
    assert_eq!(count(&server, "{ rfm: { score: { eq: \"555\" } } }").await, best);
    assert_eq!(
        count(&server, "{ rfm: { recency: { gte: 5 }, frequency: { in: [5] }, monetary: { eq: 5 } } }").await,
        best
    );

    // A second time nothing is written.
    let again = run(&server, json!({ "name": "RFM" })).await;
    assert_eq!((&again["examined"], &again["changed"]), (&json!(2357), &json!(0)));

    // The past is stored, and the present left alone.
    for (day, counted) in reference.as_object().expect("days") {
        let past = run(&server, json!({ "name": "RFM", "asOf": day })).await;
        assert_eq!((&past["state"], &past["changed"]), (&json!("SUCCEEDED"), &json!(0)), "{past}");
        assert_eq!(&found(&server, true).await, counted, "{day}");
    }
    assert_eq!(scores(&server).await, counted_scores());
    let runs = server.query("{ rfmRuns { totalCount nodes { asOf isHistorical } } }").await["rfmRuns"].take();
    assert_eq!((&runs["totalCount"], &runs["nodes"][3]["asOf"]), (&json!(4), &json!("1997-09-30T00:00:00Z")));
    let rfm =
        "{ customers(first: 1) { nodes { rfm { customer { externalId } run { asOf isHistorical population } } } } }";
    let rfm = server.query(rfm).await["customers"]["nodes"][0]["rfm"].take();
    assert_eq!((&rfm["run"]["asOf"], &rfm["run"]["population"]), (&runs["nodes"][0]["asOf"], &json!(2357)));
}

#[tokio::test]
async fn customers_enter_and_leave_the_segments_that_their_scores_make() {
    let server = Server::start().await;
    let (jane, idle) = (server.enter("Jane").await, server.enter("Idle").await);
    server.purchase(&jane, "10").await;
    let known = server.events_of(&jane).await.len();

    run(&server, json!({ "name": "RFM" })).await;

    // Alone she is as bad as can be.
    let rfm = "rfm { recency frequency monetary score segment }";
    let expected = json!({ "recency": 1, "frequency": 1, "monetary": 1, "score": "111", "segment": "LOST" });
    assert_eq!(server.customer_fields(&jane, rfm).await["rfm"], expected);
    assert_eq!(server.customer_fields(&idle, rfm).await["rfm"], Value::Null);
    assert_eq!(server.events_since(&jane, known).await, ["SEGMENT_ENTERED"]);
    run(&server, json!({ "name": "RFM" })).await;
    assert_eq!(server.events_since(&jane, known).await, ["SEGMENT_ENTERED"]);
    server.purchase(&jane, "10").await;
    assert_eq!(members(&server).await["LOST"], 1);
    server.mutate("customerDelete", json!({ "id": jane }), "deletedId").await;
    assert_eq!(members(&server).await["LOST"], 0);
    server.mutate("customerRestore", json!({ "id": jane }), "customer { id }").await;
    assert_eq!(members(&server).await["LOST"], 1);
}

#[tokio::test]
async fn scores_and_runs_have_documents_of_their_own() {
    let server = Server::start().await;
    let jane = server.enter("Jane").await;
    server.purchase(&jane, "10").await;
    run(&server, json!({ "name": "RFM" })).await;
    let ids = server.customer_fields(&jane, "rfm { id run { id } }").await;

    let score = server.get_json(ids["rfm"]["id"].as_str().expect("an id"), "application/ld+json").await;
    let found = server.get_json(ids["rfm"]["run"]["id"].as_str().expect("an id"), "application/ld+json").await;

    assert_eq!((&score["score"], &score["segment"], &score["customer"]), (&json!("111"), &json!("LOST"), &jane));
    let share = json!([{ "@type": "customers:RfmShare", "segment": "LOST", "count": 1, "revenue": "10.00" }]);
    assert_eq!(found["segments"], share);
}

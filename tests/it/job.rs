//! Jobs: what is told of them, and running them.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::{
    program::printed,
    server::{Server, fresh_database, user_errors},
};

const PATIENCE: Duration = Duration::from_secs(90);

/// Runs a job, and gives the run when it has ended.
pub async fn run(server: &Server, input: Value) -> Value {
    let payload = server.mutate("jobRun", input, "jobRun { id }").await;
    assert_eq!(payload["userErrors"], json!([]));
    let id = &payload["jobRun"]["id"];
    let query = format!(
        "{{ node(id: {id}) {{ ... on JobRun {{ job state actor asOf finishedAt examined changed error }} }} }}"
    );
    let ended = async {
        loop {
            let mut run = server.query(&query).await["node"].take();
            if run["state"] != "RUNNING" {
                assert!(run["finishedAt"].take().is_string(), "{run}");
                return run;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, ended).await.expect("the job ends")
}

#[tokio::test]
async fn a_job_runs_when_it_is_asked_to_and_is_told_of() {
    let server = Server::start().await;
    server.enter("Jane").await;

    let ended = run(&server, json!({ "name": "SEGMENTATION" })).await;

    let expected = json!({
        "job": "SEGMENTATION", "state": "SUCCEEDED", "actor": "local", "asOf": null, "finishedAt": null,
        "examined": 1, "changed": 0, "error": null,
    });
    assert_eq!(ended, expected);
    let query = "{ jobs {
      name description schedule nextRun lastRun { state }
      runs(where: { state: { eq: SUCCEEDED } }) { totalCount nodes { job } }
    } }";
    let data = server.query(query).await;
    let jobs = data["jobs"].as_array().expect("jobs");
    let segmentation = jobs.iter().find(|job| job["name"] == "SEGMENTATION").expect("a job");
    let expected = json!({
        "name": "SEGMENTATION", "description": segmentation["description"], "schedule": null, "nextRun": null,
        "lastRun": { "state": "SUCCEEDED" }, "runs": { "totalCount": 1, "nodes": [{ "job": "SEGMENTATION" }] },
    });
    assert_eq!(segmentation, &expected);
    let metrics = jobs.iter().find(|job| job["name"] == "METRICS").expect("a job");
    assert_eq!((&metrics["lastRun"], &metrics["runs"]["totalCount"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn a_job_is_not_asked_for_what_it_cannot_do() {
    let server = Server::start().await;

    let past = json!({ "name": "SEGMENTATION", "asOf": "2020-01-01" });
    let payload = server.mutate("jobRun", past, "jobRun { id }").await;

    assert_eq!(user_errors(&payload), [("NOT_ALLOWED".to_owned(), "input.asOf".to_owned())]);
    assert_eq!(server.query("{ jobs { lastRun { id } } }").await["jobs"][0]["lastRun"], Value::Null);
}

#[tokio::test]
async fn the_command_line_runs_and_lists_jobs() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = fresh_database(&directory).await;

    let before = printed(&["jobs", "list", "--database", &database]).await;
    let ran = printed(&["jobs", "run", "segmentation", "--database", &database]).await;
    let flags = ["--schedule", "metrics=30 4 * * SUN", "--schedule", "segmentation=off"];
    let after = printed(&[&["jobs", "list", "--database", &database], &flags[..]].concat()).await;

    assert!(before.contains("0 * * * *, next ") && before.contains("; never ran"), "{before}");
    assert_eq!(ran, "segmentation: 0 examined, 0 changed\n");
    assert!(after.contains("when asked for; succeeded ") && after.contains("30 4 * * SUN, next "), "{after}");
}

//! What jobs cost beside the bare statements that do the same to everyone at once.

use std::{
    cell::Cell,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use chrono::DateTime;
use serde_json::json;
use tokio::{process::Command, time::sleep};

use crate::{
    Options,
    client::Connection,
    process::{Machine, PRODUCT, Server, serve},
    report::{Report, median},
    sample::{Sample, graphql, text},
    workload,
};

/// All jobs. From `loyalty` on, the default program counts the spending of 365 days.
const JOBS: [&str; 6] = ["rfm", "segmentation", "churn", "metrics", "ltv", "loyalty"];

/// How often each has its turn.
const TURNS: usize = 3;

/// A job may take so many times what the statements take.
const MOST: f64 = 2.0;

/// Measures each job when all of its work is to be done, and when nothing is: how long the server takes from the start of
/// its run to the end, and the statements, on a connection that is open.
pub async fn measure(
    options: &Options,
    (name, url, machine): (&str, &str, Machine),
    report: &mut Report,
) -> anyhow::Result<()> {
    let server = serve(&options.server, PRODUCT, url).await?;
    let sample = Sample::take(&server).await?;
    for job in JOBS {
        let product = async || {
            rest(&server, machine).await?;
            run_job(&server, job).await
        };
        let by_hand = async |flags: &[&str]| {
            rest(&server, machine).await?;
            server.halt()?;
            let seconds = run(&options.baseline, &[&["--job", job], flags].concat(), url).await;
            server.go_on()?;
            anyhow::Ok(seconds?.trim().parse::<f64>()?)
        };
        product().await?;
        let (mut all, mut nothing, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            by_hand(&["--undo"]).await?;
            tidy(options, url).await?;
            let bare = by_hand(&[]).await?;
            by_hand(&["--undo"]).await?;
            tidy(options, url).await?;
            let time = product().await?;
            all.push(time / bare);
            times.push(time);
            tidy(options, url).await?;
            let bare = by_hand(&[]).await?;
            tidy(options, url).await?;
            nothing.push(product().await? / bare);
        }
        // No statement does what this job does; see the server written by hand.
        let most = if job == "ltv" { f64::INFINITY } else { MOST };
        report.bound(&format!("job {job}, all to do"), name, median(times.into_iter()), f64::INFINITY, "s");
        report.bound(&format!("job {job}, all to do ÷ by hand"), name, median(all.into_iter()), most, "×");
        report.bound(&format!("job {job}, nothing to do ÷ by hand"), name, median(nothing.into_iter()), most, "×");
        by_hand(&["--undo"]).await?;
        rest(&server, machine).await?;
        let longest = longest_write(&server, &sample, run_job(&server, job)).await?;
        // Only there do writers wait for each other.
        let most = if name == "sqlite" { 100.0 } else { f64::INFINITY };
        report.bound(&format!("longest write during job {job}"), name, longest.as_secs_f64() * 1000.0, most, "ms");
    }
    Ok(())
}

/// Does what PostgreSQL does by itself beside others' work, which it is not to do while it is measured.
pub async fn tidy(options: &Options, database: &str) -> anyhow::Result<()> {
    run(&options.baseline, &["--tidy"], database).await?;
    Ok(())
}

/// Waits until the server and the database have nothing more to do, such as giving events their positions.
async fn rest(server: &Server, machine: Machine) -> anyhow::Result<()> {
    loop {
        let before = server.cpu()? + machine.cpu()?;
        sleep(Duration::from_millis(500)).await;
        if server.cpu()? + machine.cpu()? - before < 0.02 {
            return Ok(());
        }
    }
}

/// Has the server run a job, and gives how long it says that it took, in seconds.
async fn run_job(server: &Server, job: &str) -> anyhow::Result<f64> {
    let mut connection = Connection::open(server.address).await?;
    let query =
        "mutation ($name: JobName!) { jobRun(input: { name: $name }) { jobRun { id } userErrors { message } } }";
    let answer = graphql(&mut connection, query, json!({ "name": job.to_uppercase() })).await?;
    let run = answer["data"]["jobRun"]["jobRun"]["id"].clone();
    anyhow::ensure!(run.is_string(), "{job} was not begun: {answer}");
    loop {
        let query = "query ($id: ID!) { node(id: $id) { ... on JobRun { state startedAt finishedAt } } }";
        let node = graphql(&mut connection, query, json!({ "id": run })).await?["data"]["node"].take();
        match node["state"].as_str() {
            Some("RUNNING") => sleep(Duration::from_millis(50)).await,
            Some("SUCCEEDED") => {
                let instant = |field: &str| DateTime::parse_from_rfc3339(&text(&node[field]));
                return Ok((instant("finishedAt")? - instant("startedAt")?).as_seconds_f64());
            }
            _ => bail!("{job} failed: {node}"),
        }
    }
}

/// How long an order took at most, of those that were placed one after the other while a job was at work.
async fn longest_write(
    server: &Server,
    sample: &Sample,
    job: impl Future<Output = anyhow::Result<f64>>,
) -> anyhow::Result<Duration> {
    let (orders, _) = workload::write().questions(sample, (&server.base(), &server.base()));
    let mut connection = Connection::open(server.address).await?;
    let is_over = Cell::new(false);
    let job = async {
        let ended = job.await;
        is_over.set(true);
        ended
    };
    // The last one, which may have waited for the end of the job, counts too.
    let place_orders = async {
        let mut longest = Duration::ZERO;
        for order in orders.iter().cycle().take_while(|_| !is_over.get()) {
            let begun = Instant::now();
            connection.ask(order).await?;
            longest = longest.max(begun.elapsed());
        }
        anyhow::Ok(longest)
    };
    let (_, longest) = tokio::try_join!(job, place_orders)?;
    Ok(longest)
}

/// Runs a program to its end, and gives what it prints.
pub async fn run(program: &Path, arguments: &[&str], database: &str) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .args(["--database", database])
        .stdin(Stdio::null())
        .output()
        .await
        .with_context(|| format!("could not start {}", program.display()))?;
    if !output.status.success() {
        bail!("{} {arguments:?} failed: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

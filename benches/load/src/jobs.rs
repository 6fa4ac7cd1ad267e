//! What jobs cost beside the bare statements that do the same to everyone at once.

use std::{
    cell::Cell,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::process::Command;

use crate::{
    Options,
    client::Connection,
    process::{PRODUCT, serve},
    report::{Report, median},
    sample::Sample,
    workload,
};

/// All jobs. From `loyalty` on, the default program counts the spending of 365 days.
const JOBS: [&str; 6] = ["rfm", "segmentation", "churn", "metrics", "ltv", "loyalty"];

/// How often each has its turn.
const TURNS: usize = 3;

/// A job may take so many times what the statements take.
const MOST: f64 = 2.0;

/// Measures each job when all of its work is to be done, and when nothing is: the time from its start to its end, the
/// start of the process and the connection to the database included.
pub async fn measure(options: &Options, name: &str, url: &str, report: &mut Report) -> anyhow::Result<()> {
    for job in JOBS {
        let product = async || run(&options.server, &["jobs", "run", job], url).await;
        let by_hand = async |flags: &[&str]| run(&options.baseline, &[&["--job", job], flags].concat(), url).await;
        product().await?;
        let (mut all, mut nothing, mut times) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            by_hand(&["--undo"]).await?;
            let bare = by_hand(&[]).await?;
            by_hand(&["--undo"]).await?;
            let time = product().await?;
            all.push(time.as_secs_f64() / bare.as_secs_f64());
            times.push(time.as_secs_f64());
            let bare = by_hand(&[]).await?;
            nothing.push(product().await?.as_secs_f64() / bare.as_secs_f64());
        }
        // No statement does what this job does; see the server written by hand.
        let most = if job == "ltv" { f64::INFINITY } else { MOST };
        report.bound(&format!("job {job}, all to do"), name, median(times.into_iter()), f64::INFINITY, "s");
        report.bound(&format!("job {job}, all to do ÷ by hand"), name, median(all.into_iter()), most, "×");
        report.bound(&format!("job {job}, nothing to do ÷ by hand"), name, median(nothing.into_iter()), most, "×");
        by_hand(&["--undo"]).await?;
        let longest = longest_write(options, product(), url).await?;
        // Only there do writers wait for each other.
        let most = if name == "sqlite" { 100.0 } else { f64::INFINITY };
        report.bound(&format!("longest write during job {job}"), name, longest.as_secs_f64() * 1000.0, most, "ms");
    }
    Ok(())
}

/// How long an order took at most, of those that were placed one after the other while a job was at work.
async fn longest_write(
    options: &Options,
    job: impl Future<Output = anyhow::Result<Duration>>,
    url: &str,
) -> anyhow::Result<Duration> {
    let server = serve(&options.server, PRODUCT, url).await?;
    let sample = Sample::take(&server).await?;
    let (orders, _) = workload::write().questions(&sample, (&server.base(), &server.base()));
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

/// Runs a program to its end.
pub async fn run(program: &Path, arguments: &[&str], database: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
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
    Ok(begun.elapsed())
}

//! What jobs cost beside the bare statements that do the same to everyone at once.

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use tokio::process::Command;

use crate::{
    Options,
    report::{Report, median},
};

/// The jobs that there are statements for.
const JOBS: [&str; 4] = ["rfm", "segmentation", "churn", "metrics"];

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
        report.bound(&format!("job {job}, all to do"), name, median(times.into_iter()), f64::INFINITY, "s");
        report.bound(&format!("job {job}, all to do ÷ by hand"), name, median(all.into_iter()), MOST, "×");
        report.bound(&format!("job {job}, nothing to do ÷ by hand"), name, median(nothing.into_iter()), MOST, "×");
    }
    Ok(())
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

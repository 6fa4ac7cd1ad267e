//! How long the whole of Online Retail takes to come in, and how much memory.

use std::{
    env,
    path::Path,
    pin::pin,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{process::Command, time::interval};

use crate::{Options, process::peak_memory, report::Report};

/// The file, from the root of the project.
const FILE: &str = "data/online_retail.csv.gz";

/// What the file holds, by `data/README.md`, as the command tells it.
const TOLD: [&str; 2] =
    ["4372 customers, 18536 orders, 3654 refunds and ", "; 406829 rows accepted, 135080 rejected: "];

/// Seconds that it may take.
const MOST_SECONDS: f64 = 180.0;

/// Memory that it may take, in MiB: 64 of them are the cache of SQLite's writer. The file has 45 MiB, unpacked.
const MOST_MEMORY: f64 = 192.0;

/// How often it is looked how much it has had so far.
const LOOK: Duration = Duration::from_millis(100);

/// Imports the file into an empty database, and then once more, when nothing is new.
pub async fn measure(options: &Options, name: &str, url: &str, report: &mut Report) -> anyhow::Result<()> {
    let (told, seconds, memory) = import(&options.server, url).await?;
    ensure!(TOLD.iter().all(|part| told.contains(part)), "the import into {name} tells of something else: {told}");
    report.bound("import of 541,909 rows", name, seconds, MOST_SECONDS, "s");
    report.bound("memory of an import of 541,909 rows", name, memory, MOST_MEMORY, "MiB");
    let (told, seconds, _) = import(&options.server, url).await?;
    ensure!(told.contains("nothing new"), "the second import into {name} is not recognised: {told}");
    report.bound("import of 541,909 rows, again", name, seconds, MOST_SECONDS, "s");
    Ok(())
}

/// What an import says at its end, how many seconds it took, and the most memory that it had, in MiB.
async fn import(program: &Path, url: &str) -> anyhow::Result<(String, f64, f64)> {
    let begun = Instant::now();
    let child = Command::new(program)
        .args(["import", FILE, "--format", "online-retail", "--currency", "GBP", "--database", url, "--rejected"])
        .arg(env::temp_dir().join("customers-bench.rejected.csv"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("could not start {}", program.display()))?;
    let id = child.id().context("the import has ended")?;
    let mut looks = interval(LOOK);
    let mut peak = 0.0;
    let mut output = pin!(child.wait_with_output());
    let output = loop {
        tokio::select! {
            output = &mut output => break output?,
            // It may have ended since.
            _ = looks.tick() => peak = peak_memory(id).unwrap_or(peak),
        }
    };
    ensure!(output.status.success(), "the import failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok((String::from_utf8(output.stdout)?, begun.elapsed().as_secs_f64(), peak))
}

//! Runs the product and the server written by hand side by side, asks both the same questions in turns, and holds what
//! they cost against the goals of `docs/performance.md`. `scripts/bench` prepares the databases and starts it.

mod analytics;
mod client;
mod fan_out;
mod growth;
mod import;
mod jobs;
mod pages;
mod process;
mod report;
mod rows;
mod sample;
mod segments;
mod start;
mod turns;
mod workload;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context;
use clap::{Parser, builder::PossibleValuesParser};

use self::{
    process::{Machine, PRODUCT},
    report::Report,
    sample::Sample,
};

/// What can be measured: workloads, and what is more than one question.
const NAMES: [&str; 15] = [
    "point",
    "page",
    "nested",
    "filtered",
    "json-ld",
    "n-quads",
    "write",
    "start",
    "import",
    "jobs",
    "analytics",
    "segments",
    "pages",
    "growth",
    "fan-out",
];

/// The flags.
#[derive(Clone, Debug, Parser)]
struct Options {
    /// What to measure; everything if nothing is named.
    #[arg(value_parser = PossibleValuesParser::new(NAMES))]
    names: Vec<String>,
    /// The product's program.
    #[arg(long)]
    server: PathBuf,
    /// The program of the server written by hand.
    #[arg(long)]
    baseline: PathBuf,
    /// A database to measure on, as `NAME=URL`.
    #[arg(long)]
    database: Vec<String>,
    /// A smaller one of the same name.
    #[arg(long)]
    small_database: Vec<String>,
    /// An empty database of the same name.
    #[arg(long)]
    empty_database: Vec<String>,
    /// A copy of a database, for jobs alone: they leave it otherwise than it was.
    #[arg(long)]
    jobs_database: Vec<String>,
    /// The process of the PostgreSQL server, whose children work for us.
    #[arg(long)]
    postgres: Option<u32>,
    /// How often each has its turn.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long a turn is.
    #[arg(long, default_value_t = 1500)]
    milliseconds: u64,
}

impl Options {
    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// The database of `name` among `databases`.
    fn of<'a>(name: &str, databases: &'a [String], flag: &str) -> anyhow::Result<&'a str> {
        let url = databases.iter().find_map(|named| named.strip_prefix(name)?.strip_prefix('='));
        url.with_context(|| format!("there is no {flag} {name}=URL"))
    }

    fn turn(&self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let mut report = Report::default();
    for named in &options.database {
        let (name, url) = named.split_once('=').unwrap_or(("", named));
        let machine = Machine { database: options.postgres.filter(|_| name != "sqlite") };
        if options.wants("start") {
            start::measure(&options, name, url, &mut report).await?;
        }
        if options.wants("import") {
            let empty = Options::of(name, &options.empty_database, "--empty-database")?;
            import::measure(&options, name, empty, &mut report).await?;
        }
        let server = process::serve(&options.server, PRODUCT, url).await?;
        let baseline = process::serve(&options.baseline, &[], url).await?;
        let sample = Sample::take(&server).await?;
        for workload in workload::all().iter().filter(|workload| options.wants(workload.name)) {
            turns::measure(&options, workload, (name, machine), (&server, &baseline), &sample, &mut report).await?;
        }
        if options.wants("analytics") {
            analytics::measure(&options, name, &server, &sample, &mut report).await?;
        }
        if options.wants("pages") {
            pages::measure(&options, (name, machine), &server, &mut report).await?;
        }
        let small = || Options::of(name, &options.small_database, "--small-database");
        if options.wants("growth") {
            growth::measure(&options, (name, machine), (&server, small()?), &sample, &mut report).await?;
        }
        if options.wants("segments") {
            segments::measure(&options, (name, small()?, machine), &mut report).await?;
        }
        if options.wants("fan-out") {
            for subscribers in fan_out::SUBSCRIBERS {
                fan_out::measure(&options, (name, url), subscribers, &sample, &mut report).await?;
            }
        }
        if options.names.is_empty() && name == "sqlite" {
            report.bound("memory under load", name, server.peak_memory()?, 120.0, "MiB");
        }
        drop((server, baseline));
        if options.wants("jobs") {
            let copy = Options::of(name, &options.jobs_database, "--jobs-database")?;
            jobs::measure(&options, (name, copy, machine), &mut report).await?;
        }
    }
    Ok(if report.print() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

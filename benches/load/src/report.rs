//! What was found, and whether it is good enough.

use crate::{
    turns::{Turn, medians},
    workload::Workload,
};

/// All that was found.
#[derive(Debug, Default)]
pub struct Report {
    beside: Vec<Line>,
    bounds: Vec<Bound>,
}

/// A workload on a database, beside the server written by hand.
#[derive(Debug)]
pub struct Line {
    workload: &'static str,
    database: String,
    turn: Turn,
    baseline: Turn,
    rate: Ratio,
    cpu: Ratio,
    database_cpu: Option<Ratio>,
}

/// A ratio, and what it must keep to.
#[derive(Clone, Copy, Debug)]
struct Ratio {
    value: f64,
    least: Option<f64>,
    most: Option<f64>,
}

/// A figure of its own.
#[derive(Debug)]
struct Bound {
    name: String,
    database: String,
    ratio: Ratio,
    unit: &'static str,
}

impl Ratio {
    fn is_kept(&self) -> bool {
        self.least.is_none_or(|least| self.value >= least) && self.most.is_none_or(|most| self.value <= most)
    }

    /// The goal in words.
    fn goal(&self) -> String {
        let least = self.least.map(|least| format!("≥ {least:.2}"));
        let most = self.most.filter(|most| most.is_finite()).map(|most| format!("≤ {most:.1}"));
        least.or(most).unwrap_or_else(|| "–".to_owned())
    }
}

impl Line {
    /// Turns that were taken one after the other are compared with each other, since the machine has other work too.
    pub fn new(workload: &Workload, database: &str, turns: &[Turn], baseline: &[Turn]) -> Self {
        let ratio =
            |of: fn(&Turn) -> f64| median(turns.iter().zip(baseline).map(|(turn, baseline)| of(turn) / of(baseline)));
        let (turn, baseline_turn) = (medians(turns), medians(baseline));
        Self {
            workload: workload.name,
            database: database.to_owned(),
            turn,
            baseline: baseline_turn,
            rate: Ratio { value: ratio(|turn| turn.rate), least: workload.least_rate, most: None },
            cpu: Ratio { value: ratio(|turn| turn.cpu), least: None, most: workload.most_cpu },
            database_cpu: (turn.database > 0.0).then(|| Ratio {
                value: ratio(|turn| turn.database),
                least: None,
                most: workload.most_database_cpu,
            }),
        }
    }

    fn is_kept(&self) -> bool {
        self.rate.is_kept() && self.cpu.is_kept() && self.database_cpu.is_none_or(|ratio| ratio.is_kept())
    }
}

impl Report {
    /// Adds a workload.
    #[expect(clippy::print_stderr, reason = "a run is long, and may fail before its end")]
    pub fn beside(&mut self, line: Line) {
        eprintln!("{} on {}: {:.2} of the requests/s", line.workload, line.database, line.rate.value);
        self.beside.push(line);
    }

    /// Adds a figure that has an upper bound.
    pub fn bound(&mut self, name: &str, database: &str, value: f64, most: f64, unit: &'static str) {
        let ratio = Ratio { value, least: None, most: Some(most) };
        self.figure(Bound { name: name.to_owned(), database: database.to_owned(), ratio, unit });
    }

    /// Adds a ratio that has a lower bound.
    pub fn floor(&mut self, name: &str, database: &str, value: f64, least: f64) {
        let ratio = Ratio { value, least: Some(least), most: None };
        self.figure(Bound { name: name.to_owned(), database: database.to_owned(), ratio, unit: "×" });
    }

    #[expect(clippy::print_stderr, reason = "a run is long, and may fail before its end")]
    fn figure(&mut self, bound: Bound) {
        eprintln!("{} on {}: {:.2} {}", bound.name, bound.database, bound.ratio.value, bound.unit);
        self.bounds.push(bound);
    }

    /// Prints everything, and tells whether all goals are kept.
    #[expect(clippy::print_stdout, reason = "the tables are the program's result")]
    pub fn print(&self) -> bool {
        if !self.beside.is_empty() {
            println!(
                "| workload | database | requests/s | by hand | share | goal | CPU ms | by hand | × | goal | \
                 database ms | by hand | × | goal | |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
            );
        }
        for line in &self.beside {
            let database = line.database_cpu.map_or_else(
                || "– | – | – | –".to_owned(),
                |ratio| {
                    let (own, baseline) = (line.turn.database, line.baseline.database);
                    format!("{own:.3} | {baseline:.3} | {:.2} | {}", ratio.value, ratio.goal())
                },
            );
            println!(
                "| {} | {} | {:.0} | {:.0} | {:.2} | {} | {:.3} | {:.3} | {:.2} | {} | {database} | {} |",
                line.workload,
                line.database,
                line.turn.rate,
                line.baseline.rate,
                line.rate.value,
                line.rate.goal(),
                line.turn.cpu,
                line.baseline.cpu,
                line.cpu.value,
                line.cpu.goal(),
                verdict(line.is_kept()),
            );
        }
        if !self.bounds.is_empty() {
            println!("\n| figure | database | | goal | |\n|---|---|---|---|---|");
        }
        for bound in &self.bounds {
            let Bound { name, database, ratio, unit } = bound;
            println!(
                "| {name} | {database} | {:.2} {unit} | {} | {} |",
                ratio.value,
                ratio.goal(),
                verdict(ratio.is_kept())
            );
        }
        let is_something = !self.beside.is_empty() || !self.bounds.is_empty();
        is_something && self.beside.iter().all(Line::is_kept) && self.bounds.iter().all(|bound| bound.ratio.is_kept())
    }
}

fn verdict(is_kept: bool) -> &'static str {
    if is_kept { "kept" } else { "**missed**" }
}

/// The one in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

//! How long the headline figures of all customers take.

use std::time::Instant;

use serde_json::json;

use crate::{
    Options,
    client::Connection,
    process::Server,
    report::{Report, median},
    sample::{Sample, graphql},
};

/// What a dashboard shows first.
const HEADLINE: &str = "totalCustomers newCustomers activeCustomers churnedCustomers averageLTV averageOrderValue
    repeatPurchaseRate customersBySegment { segment count } customersByTier { tier { name } count }";

/// Measures them as of now, and as of an instant of the past, for which they are told from the ledger. On PostgreSQL both
/// take less than two seconds, however many customers there are up to a million.
pub async fn measure(
    options: &Options,
    name: &str,
    server: &Server,
    sample: &Sample,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.address).await?;
    let most = if name == "sqlite" { f64::INFINITY } else { 2.0 };
    for (when, as_of) in [("now", ""), ("in the past", ", asOf: \"2026-06-01T00:00:00Z\"")] {
        let query = format!("{{ analytics(timeframe: MONTH{as_of}) {{ {HEADLINE} }} }}");
        let mut times = Vec::new();
        for round in 0..=options.rounds.div_ceil(2) {
            let begun = Instant::now();
            graphql(&mut connection, &query, json!({})).await?;
            if round > 0 {
                times.push(begun.elapsed().as_secs_f64());
            }
        }
        let label = format!("headline figures of {} customers, {when}", sample.ids.len());
        report.bound(&label, name, median(times.into_iter()), most, "s");
    }
    Ok(())
}

//! That cost grows with the answer, not with the size of a table.

use std::time::Duration;

use serde_json::json;

use crate::{
    Options,
    client::Question,
    process::{Machine, PRODUCT, Server, serve},
    report::Report,
    sample::{Sample, request},
    turns::{alternate, medians},
    workload,
};

/// The same questions, and writes, cost the same on a table ten times as large.
pub async fn measure(
    options: &Options,
    (name, machine): (&str, Machine),
    (server, small): (&Server, &str),
    sample: &Sample,
    report: &mut Report,
) -> anyhow::Result<()> {
    let small = serve(&options.server, PRODUCT, small).await?;
    let small_sample = Sample::take(&small).await?;
    // What starts with the server is over.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut kinds = vec![("refund", refunds(sample), refunds(&small_sample))];
    for workload in workload::all() {
        let (questions, _) = workload.questions(sample, (&server.base(), ""));
        let (small_questions, _) = workload.questions(&small_sample, (&small.base(), ""));
        kinds.push((workload.name, questions, small_questions));
    }
    for (kind, questions, small_questions) in kinds {
        let sides = [(server, &questions[..]), (&small, &small_questions[..])];
        let [turns, small_turns] = alternate(options, machine, sides).await?;
        let (large, less) = (medians(&turns), medians(&small_turns));
        let ratio = (large.cpu + large.database) / (less.cpu + less.database);
        report.bound(&format!("{kind} on {} ÷ {}", sample.ids.len(), small_sample.ids.len()), name, ratio, 1.2, "×");
    }
    Ok(())
}

/// Refunds of next to nothing, each of which moves figures, and may move tiers and segments.
fn refunds(sample: &Sample) -> Vec<Question> {
    sample.draw(1000, |sample, chance| {
        let input = json!({ "customer": sample.id(chance), "amount": "0.01" });
        request(REFUND, &json!({ "input": input }))
    })
}

const REFUND: &str = "mutation ($input: RefundCreateInput!) {
  refundCreate(input: $input) { refund { amount } userErrors { message } }
}";

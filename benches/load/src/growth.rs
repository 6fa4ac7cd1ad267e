//! That cost grows with the answer, not with the depth of a page or the size of a table.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;

use crate::{
    Options,
    client::{Connection, Question},
    process::{Machine, PRODUCT, Server, serve},
    report::{Report, median},
    sample::{Sample, graphql, request, text},
    turns::{medians, take},
    workload,
};

/// Pages deep in a list are as cheap as the first, in every order. The last page of a list has the rows of the first of
/// the same list backwards, so that both answer as much.
pub async fn pages(
    options: &Options,
    (name, machine): (&str, Machine),
    server: &Server,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.address).await?;
    let short = Options { milliseconds: options.milliseconds.div_ceil(3), ..options.clone() };
    let orders = "{ __type(name: \"CustomerOrderField\") { enumValues { name } } }";
    let orders = graphql(&mut connection, orders, json!({})).await?["data"]["__type"]["enumValues"].take();
    for order in orders.as_array().context("customers can be sorted")? {
        let order = text(&order["name"]);
        let end = format!("{{ customers(last: 51, orderBy: {{ field: {order} }}) {{ pageInfo {{ startCursor }} }} }}");
        let deep = &graphql(&mut connection, &end, json!({})).await?["data"]["customers"]["pageInfo"]["startCursor"];
        let query = |direction: &str| {
            format!(
                "query ($after: String) {{ customers(first: 50, after: $after, \
                 orderBy: {{ field: {order}, direction: {direction} }}) {{ nodes {{ id name }} }} }}"
            )
        };
        let first_page = [request(&query("DESC"), &json!({}))];
        let deep_page = [request(&query("ASC"), &json!({ "after": text(deep) }))];
        let mut ratios = Vec::new();
        for round in 0..=options.rounds {
            let first = take(&short, machine, server, &first_page).await?;
            let deep = take(&short, machine, server, &deep_page).await?;
            if round > 0 {
                ratios.push(deep.rate / first.rate);
            }
        }
        report.floor(&format!("deep page ÷ first, {order}"), name, median(ratios.into_iter()), 0.9);
    }
    Ok(())
}

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
        let (mut turns, mut small_turns) = (Vec::new(), Vec::new());
        for round in 0..=options.rounds {
            let turn = take(options, machine, server, &questions).await?;
            let small_turn = take(options, machine, &small, &small_questions).await?;
            if round > 0 {
                turns.push(turn);
                small_turns.push(small_turn);
            }
        }
        let (large, small) = (medians(&turns), medians(&small_turns));
        let ratio = (large.cpu + large.database) / (small.cpu + small.database);
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

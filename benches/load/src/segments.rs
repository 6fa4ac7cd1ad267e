//! What dynamic segments of clients' own add to the cost of a write.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    Options,
    client::Connection,
    jobs,
    process::{Machine, PRODUCT, serve},
    report::Report,
    sample::{Sample, graphql, text},
    turns::alone,
    workload,
};

/// How many segments there are.
const COUNT: usize = 200;

/// Orders with as many segments besides cost at most twice as much: only rules that read orders are asked. The smaller
/// database will do, as a write asks about one customer.
pub async fn measure(
    options: &Options,
    (name, url, machine): (&str, &str, Machine),
    report: &mut Report,
) -> anyhow::Result<()> {
    let server = serve(&options.server, PRODUCT, url).await?;
    let sample = Sample::take(&server).await?;
    let (questions, _) = workload::write().questions(&sample, (&server.base(), &server.base()));
    let mut connection = Connection::open(server.address).await?;
    jobs::tidy(options, url).await?;
    let without = alone(options, machine, (&server, &questions)).await?;
    let segments = make(&mut connection, &options.server, url).await?;
    jobs::tidy(options, url).await?;
    let with = alone(options, machine, (&server, &questions)).await;
    for segment in segments {
        let query = "mutation ($input: SegmentDeleteInput!) { segmentDelete(input: $input) { deletedId } }";
        graphql(&mut connection, query, json!({ "input": { "id": segment } })).await?;
    }
    // Whoever was in them leaves them.
    jobs::run(&options.server, &["jobs", "run", "segmentation"], url).await?;
    jobs::tidy(options, url).await?;
    let label = format!("write with {COUNT} dynamic segments ÷ without");
    report.floor(&label, name, with?.rate / without.rate, 0.5);
    Ok(())
}

/// Makes the segments, and finds their members.
async fn make(connection: &mut Connection, program: &Path, database: &str) -> anyhow::Result<Vec<String>> {
    let mut segments = Vec::new();
    for index in 0..COUNT {
        let query = "mutation ($input: SegmentCreateInput!) {
          segmentCreate(input: $input) { segment { id } userErrors { message } }
        }";
        let input = json!({ "name": format!("Measured {index}"), "where": rule(index) });
        let answer = graphql(connection, query, json!({ "input": input })).await?;
        let segment = &answer["data"]["segmentCreate"]["segment"]["id"];
        anyhow::ensure!(segment.is_string(), "no segment was made: {answer}");
        segments.push(text(segment));
    }
    jobs::run(program, &["jobs", "run", "segmentation"], database).await?;
    Ok(segments)
}

/// A rule of ten kinds, of which five read what an order changes.
fn rule(index: usize) -> Value {
    let country = ["DE", "FR", "US", "GB"][index / 10 % 4];
    match index % 10 {
        0 => json!({ "totalSpent": { "gte": (100 * index).to_string(), "lt": (100 * index + 500).to_string() } }),
        1 => json!({ "orders": { "count": {
            "where": { "status": { "eq": "DELIVERED" }, "deliveredAt": { "gte": { "ago": format!("P{}D", 30 + index) } } },
            "is": { "gte": 2 },
        } } }),
        2 => json!({ "tags": { "has": format!("tag-{index}") }, "emailOptIn": { "eq": true } }),
        3 => json!({ "addresses": { "some": { "addressCountry": { "eq": country } } } }),
        4 => json!({ "lastPurchaseDate": { "lt": { "ago": format!("P{index}D") } }, "totalOrders": { "gte": 3 } }),
        5 => json!({ "loyaltyTier": { "name": { "eq": "Gold" } }, "churnRisk": { "eq": "HIGH" } }),
        6 => json!({ "kind": { "eq": "ORGANIZATION" }, "customerSince": { "lt": { "ago": format!("P{index}D") } } }),
        7 => json!({ "preferredLanguage": { "eq": "de" }, "totalSpent": { "lt": (50 * index).to_string() } }),
        8 => json!({ "rfm": { "segment": { "eq": "CHAMPIONS" } } }),
        _ => json!({
            "segments": { "some": { "handle": { "eq": "spend-premium" } } }, "totalOrders": { "lt": 100 + index },
        }),
    }
}

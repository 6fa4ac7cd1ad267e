//! That both servers write the same rows.

use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    client::{Connection, Question},
    process::Server,
    sample::{graphql, text},
    turns::Side,
};

/// How long an event may take to be told of.
const PATIENCE: Duration = Duration::from_secs(10);

/// All that an order writes, but for keys and instants.
const WRITTEN: &str = "query ($id: ID!) {
  customer(id: $id) {
    totalOrders
    orders(last: 1, orderBy: { field: CREATED_AT, direction: ASC }) {
      nodes {
        externalId status orderDate requiredDate shippedAt deliveredAt cancelledAt currency subtotal discount shipping tax
        total freight version createdAt updatedAt
        shippingAddress { name streetAddress addressLocality addressRegion postalCode addressCountry }
        items { nodes { position name quantity currency unitPrice discount product { id } } }
      }
    }
    firstOrderDate lastOrderDate customerSince updatedAt version
    events(last: 1, orderBy: { field: SEQUENCE, direction: ASC }) {
      nodes { type name occurredAt sequence changedFields decidedBy actor cause cursor order { total } }
    }
  }
}";

/// The first question of each, which places an order of the same customer, leaves the same rows.
pub async fn compare([(server, questions), (baseline, same_questions)]: [Side<'_>; 2]) -> anyhow::Result<()> {
    let question = questions.first().context("there is a question")?;
    let body: Value = serde_json::from_slice(question.body.as_ref().context("an order is posted")?)?;
    let customer = text(&body["variables"]["input"]["customer"]);
    let first = written(server, (server, question), &customer).await?;
    let second = written(server, (baseline, &same_questions[0]), &customer).await?;
    anyhow::ensure!(first == second, "the rows differ:\n{first}\n{second}");
    Ok(())
}

/// What an order leaves, in the words of the product, with instants and counts as what they are beside those before.
async fn written(product: &Server, (server, order): (&Server, &Question), customer: &str) -> anyhow::Result<Value> {
    let mut connection = Connection::open(product.address).await?;
    let before = read(&mut connection, customer).await?;
    Connection::open(server.address).await?.ask(order).await?;
    let mut after = read(&mut connection, customer).await?;
    let begun = Instant::now();
    // A position follows the event.
    while after["events"]["nodes"][0]["cursor"].is_null() {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "an event has no position: {after}");
        sleep(Duration::from_millis(20)).await;
        after = read(&mut connection, customer).await?;
    }
    let placed = after["orders"]["nodes"][0]["orderDate"].clone();
    let is_now = |value: &Value| json!(*value == placed);
    let more = |after: &Value, before: &Value| json!(after.as_i64().zip(before.as_i64()).map(|(a, b)| a - b));
    let mut seen = after.clone();
    seen["totalOrders"] = more(&after["totalOrders"], &before["totalOrders"]);
    seen["version"] = more(&after["version"], &before["version"]);
    seen["lastOrderDate"] = is_now(&after["lastOrderDate"]);
    for field in ["orderDate", "createdAt", "updatedAt"] {
        seen["orders"]["nodes"][0][field] = is_now(&after["orders"]["nodes"][0][field]);
    }
    let (event, event_before) = (&after["events"]["nodes"][0], &before["events"]["nodes"][0]);
    let seen_event = &mut seen["events"]["nodes"][0];
    seen_event["occurredAt"] = is_now(&event["occurredAt"]);
    seen_event["sequence"] =
        json!(event["sequence"].as_i64().unwrap_or(0) - event_before["sequence"].as_i64().unwrap_or(0));
    seen_event["cursor"] = json!("given");
    Ok(seen)
}

async fn read(connection: &mut Connection, customer: &str) -> anyhow::Result<Value> {
    Ok(graphql(connection, WRITTEN, json!({ "id": customer })).await?["data"]["customer"].take())
}

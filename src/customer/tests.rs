//! The rules in SQL say what the rules in Rust say, at their boundaries.

use async_graphql::Request;
use chrono::TimeDelta;
use entity::{ChronoUnixTimestampMillis, customer};
use sea_orm::{ActiveModelTrait, ActiveValue::Set};
use serde_json::{Value, json};

use crate::{app::App, auth::Viewer, given, schema};

/// What a customer is like: seconds since the last purchase, days since the first order, orders, cents spent.
type Likeness = (Option<i64>, Option<i64>, i64, i64);

const DAY: i64 = 86_400;

async fn customer_like(app: &App, name: &str, (idle, first, orders, spent): Likeness) -> anyhow::Result<()> {
    let tx = app.database.begin().await?;
    let id = given::customer(&tx, name).await?;
    let before = |seconds| ChronoUnixTimestampMillis(given::now() - TimeDelta::seconds(seconds));
    let figures = customer::ActiveModel {
        id: Set(id),
        total_orders: Set(orders),
        delivered_orders: Set(orders),
        total_spent: Set(spent),
        first_order_date: Set(first.map(|days| before(days * DAY))),
        last_order_date: Set(idle.map(before)),
        last_purchase_date: Set(idle.map(before)),
        ..Default::default()
    };
    figures.update(&tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn customers(app: &App, filter: Value) -> Vec<Value> {
    let query = "query ($where: CustomerWhere) {
      customers(first: 250, where: $where, orderBy: { field: NAME }) { nodes { name customerSegment engagement churnRisk } }
    }";
    let variables = async_graphql::Variables::from_json(json!({ "where": filter }));
    let request = Request::new(query).variables(variables).data(Viewer::Local).data(app.reading());
    let mut answer = json!(schema::build(app.clone()).execute(request).await);
    match answer["data"]["customers"]["nodes"].take() {
        Value::Array(nodes) => nodes,
        _ => panic!("{answer}"),
    }
}

#[tokio::test]
async fn a_filter_finds_those_whose_figure_is_shown_so() -> anyhow::Result<()> {
    given::each_store(async |app| {
        // Beside each, what METRICS of the domain says: engagement, churn risk, segment by spending.
        let cases: [(&str, Likeness, [Option<&str>; 3]); 15] = [
            ("never bought", (None, None, 0, 0), [None, Some("HIGH"), Some("BASIC")]),
            ("now", (Some(0), Some(0), 1, -1), [Some("ACTIVE"), Some("LOW"), Some("BASIC")]),
            ("30 days", (Some(30 * DAY), None, 1, 99_999), [Some("ACTIVE"), Some("LOW"), Some("BASIC")]),
            (
                "30 days and 1 s",
                (Some(30 * DAY + 1), None, 1, 100_000),
                [Some("AT_RISK"), Some("LOW"), Some("STANDARD")],
            ),
            ("1.5 gaps", (Some(46 * DAY - 1), None, 1, 499_999), [Some("AT_RISK"), Some("LOW"), Some("STANDARD")]),
            ("over 1.5 gaps", (Some(46 * DAY), None, 1, 500_000), [Some("AT_RISK"), Some("MEDIUM"), Some("PREMIUM")]),
            ("2 gaps", (Some(61 * DAY - 1), None, 1, 0), [Some("AT_RISK"), Some("MEDIUM"), Some("BASIC")]),
            ("over 2 gaps", (Some(61 * DAY), None, 1, 0), [Some("AT_RISK"), Some("HIGH"), Some("BASIC")]),
            ("90 days", (Some(90 * DAY), None, 1, 0), [Some("AT_RISK"), Some("HIGH"), Some("BASIC")]),
            ("90 days and 1 s", (Some(90 * DAY + 1), None, 1, 0), [Some("INACTIVE"), Some("HIGH"), Some("BASIC")]),
            ("3 orders at once", (Some(10 * DAY), Some(10), 3, 0), [Some("ACTIVE"), Some("LOW"), Some("BASIC")]),
            ("every 10 days", (Some(20 * DAY), Some(40), 3, 0), [Some("ACTIVE"), Some("MEDIUM"), Some("BASIC")]),
            ("1.5 gaps of 5 days", (Some(8 * DAY - 1), Some(18), 3, 0), [Some("ACTIVE"), Some("LOW"), Some("BASIC")]),
            ("over 1.5 of them", (Some(8 * DAY), Some(18), 3, 0), [Some("ACTIVE"), Some("MEDIUM"), Some("BASIC")]),
            ("over 2 of them", (Some(11 * DAY), Some(21), 3, 0), [Some("ACTIVE"), Some("HIGH"), Some("BASIC")]),
        ];
        for (name, likeness, _) in cases {
            customer_like(&app, name, likeness).await?;
        }

        let all = customers(&app, json!({})).await;
        for (name, _, expected) in cases {
            let node = all.iter().find(|node| node["name"] == name).expect("all are listed");
            let shown = [&node["engagement"], &node["churnRisk"], &node["customerSegment"]].map(Value::as_str);
            assert_eq!(shown, expected, "{name}");
        }
        let figures = [
            ("engagement", ["ACTIVE", "AT_RISK", "INACTIVE"]),
            ("churnRisk", ["LOW", "MEDIUM", "HIGH"]),
            ("customerSegment", ["PREMIUM", "STANDARD", "BASIC"]),
        ];
        for (field, values) in figures {
            for value in values {
                let shown: Vec<_> = all.iter().filter(|node| node[field] == value).cloned().collect();
                assert_eq!(customers(&app, json!({ field: { "eq": value } })).await, shown, "{field} {value}");
            }
        }
        Ok(())
    })
    .await
}

//! The persons among those who spent at least so much, the latest purchase first: twenty, and how many there are.

use axum::{Json, extract::State};
use sea_orm::sqlx::{self, AssertSqlSafe};
use serde::{Deserialize, Serialize};
use tokio::try_join;

use crate::{
    answer::{Answer, data},
    page::{Customer, Row, customer},
    store::{Store, on},
};

/// What is asked for.
#[derive(Deserialize)]
pub struct Question {
    least: String,
}

#[derive(Serialize)]
struct Root {
    customers: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    total_count: i64,
    nodes: Vec<Customer>,
}

/// Answers a page and a count. The amount stands in the text: neither database plans well for one that it does not
/// know.
pub async fn filtered(State(store): State<Store>, Json(question): Json<Question>) -> Answer {
    let least: i64 = question.least.replacen('.', "", 1).parse()?;
    let found = format!("from customer where deleted_at is null and kind = $1 and total_spent >= {least}");
    let page = format!(
        "select id, name, email, kind, total_orders, total_spent, customer_since, last_purchase_date {found}
        order by last_purchase_date_sort desc, id desc limit 20"
    );
    let count = format!("select count(*) {found}");
    let page = async {
        Ok::<_, sqlx::Error>(on!(store.reader, (&*page, &*page), |pool, sql| {
            sqlx::query_as::<_, Row>(AssertSqlSafe(sql)).bind("PERSON").fetch_all(pool).await?
        }))
    };
    let count = async {
        Ok(on!(store.reader, (&*count, &*count), |pool, sql| {
            sqlx::query_scalar(AssertSqlSafe(sql)).bind("PERSON").fetch_one(pool).await?
        }))
    };
    let (rows, total_count) = try_join!(page, count)?;
    let nodes = rows.into_iter().map(|row| customer(&store, row)).collect();
    data(Root { customers: Page { total_count, nodes } })
}

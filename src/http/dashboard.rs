//! `/dashboard`: the analytics as pictures. What they show, the page asks at `/graphql` like any client.

use async_graphql::resolver_utils::EnumType;
use axum::{
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::vocabulary::page;
use crate::{analytics::Timeframe, html, instant::Instant};

/// What is to be shown, as the address says it. What it does not say, or leaves empty, is as usual.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Asked {
    timeframe: String,
    as_of: String,
}

/// The page.
pub async fn dashboard(Query(Asked { timeframe, as_of }): Query<Asked>) -> Response {
    let refuse = |message: String| (StatusCode::BAD_REQUEST, message).into_response();
    let timeframes = Timeframe::items();
    let timeframe = match timeframes.iter().find(|item| item.name == timeframe) {
        Some(item) => item.value,
        None if timeframe.is_empty() => Timeframe::Month,
        None => {
            let names: Vec<&str> = timeframes.iter().map(|item| item.name).collect();
            return refuse(format!("timeframe: expected one of {}\n", names.join(", ")));
        }
    };
    match Instant::parse(&as_of) {
        None if !as_of.is_empty() => refuse("asOf: expected a date, or an instant by RFC 3339\n".to_owned()),
        as_of => page(html::dashboard(timeframe, as_of)),
    }
}

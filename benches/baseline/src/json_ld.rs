//! A customer as JSON-LD, by a struct made for it.

use anyhow::Context;
use axum::{
    extract::{Path, State},
    http::{HeaderName, header},
};
use chrono::NaiveDate;
use sea_orm::sqlx::{self, types::Json};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::Failure,
    store::{Store, on, row},
    value::{Instant, Money, now, spend_segment},
};

row! {
    /// A customer.
    Row {
        kind: String,
        name: String,
        given_name: Option<String>,
        family_name: Option<String>,
        legal_name: Option<String>,
        email: Option<String>,
        telephone: Option<String>,
        telephone_e164: Option<String>,
        birth_date: Option<NaiveDate>,
        gender: Option<String>,
        email_opt_in: bool,
        sms_opt_in: bool,
        communication_channels: Json<Vec<String>>,
        preferred_language: Option<String>,
        timezone: Option<String>,
        tags: Json<Vec<String>>,
        custom_fields: Option<Json<serde_json::Value>>,
        external_id: Option<String>,
        customer_since: i64,
        total_orders: i64,
        delivered_orders: i64,
        total_spent: i64,
        first_order_date: Option<i64>,
        last_order_date: Option<i64>,
        last_purchase_date: Option<i64>,
        version: i32,
        created_at: i64,
        updated_at: i64,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    types: [&'static str; 2],
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    telephone: Option<String>,
    #[serde(rename = "telephoneE164", skip_serializing_if = "Option::is_none")]
    telephone_e164: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<String>,
    email_opt_in: bool,
    sms_opt_in: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    communication_preferences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_fields: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    customer_since: Instant,
    total_orders: i64,
    delivered_orders: i64,
    total_spent: Money,
    average_order_value: Money,
    lifetime_value: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_order_date: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_order_date: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_purchase_date: Option<Instant>,
    customer_segment: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    engagement: Option<&'static str>,
    churn_risk: &'static str,
    version: i32,
    created_at: Instant,
    updated_at: Instant,
    addresses_page: String,
    orders_page: String,
    refunds_page: String,
    contacts_page: String,
    segments_page: String,
    loyalty_memberships_page: String,
    communications_page: String,
    consents_page: String,
    events_page: String,
}

const SQL: &str = "
    select kind, name, given_name, family_name, legal_name, email, telephone, telephone_e164, birth_date, gender,
        email_opt_in, sms_opt_in, communication_channels, preferred_language, timezone, tags, custom_fields, external_id,
        customer_since, total_orders, delivered_orders, total_spent, first_order_date, last_order_date,
        last_purchase_date, version, created_at, updated_at
    from customer where id = $1 and deleted_at is null";

const DAY: i64 = 86_400_000;

/// Answers a customer.
pub async fn customer(
    State(store): State<Store>,
    Path(key): Path<Uuid>,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Failure> {
    let row = on!(store.reader, (SQL, SQL), |pool, sql| {
        sqlx::query_as::<_, Row>(sql).bind(key).fetch_optional(pool).await?
    });
    let document = document(&store, key, row.context("no such customer")?);
    Ok(([(header::CONTENT_TYPE, "application/ld+json")], serde_json::to_vec(&document)?))
}

fn document(store: &Store, key: Uuid, row: Row) -> Document {
    let id = store.iri("customers", key);
    let page = |edge: &str| format!("{id}/{edge}");
    let now = now().timestamp_millis();
    Document {
        context: format!("{}/context.jsonld", store.base),
        types: ["Customer", if row.kind == "PERSON" { "schema:Person" } else { "schema:Organization" }],
        addresses_page: page("addresses"),
        orders_page: page("orders"),
        refunds_page: page("refunds"),
        contacts_page: page("contacts"),
        segments_page: page("segments"),
        loyalty_memberships_page: page("loyaltyMemberships"),
        communications_page: page("communications"),
        consents_page: page("consents"),
        events_page: page("events"),
        average_order_value: Money(average(row.total_spent, row.delivered_orders)),
        lifetime_value: Money(row.total_spent),
        customer_segment: spend_segment(row.total_spent),
        engagement: row.last_purchase_date.map(|at| engagement(now - at)),
        churn_risk: churn_risk(&row, now),
        id,
        name: row.name,
        given_name: row.given_name,
        family_name: row.family_name,
        legal_name: row.legal_name,
        email: row.email,
        telephone: row.telephone,
        telephone_e164: row.telephone_e164,
        birth_date: row.birth_date.map(|day| day.to_string()),
        gender: row.gender,
        email_opt_in: row.email_opt_in,
        sms_opt_in: row.sms_opt_in,
        communication_preferences: row.communication_channels.0,
        preferred_language: row.preferred_language,
        timezone: row.timezone,
        tags: row.tags.0,
        custom_fields: row.custom_fields.map(|fields| fields.0),
        external_id: row.external_id,
        customer_since: Instant(row.customer_since),
        total_orders: row.total_orders,
        delivered_orders: row.delivered_orders,
        total_spent: Money(row.total_spent),
        first_order_date: row.first_order_date.map(Instant),
        last_order_date: row.last_order_date.map(Instant),
        last_purchase_date: row.last_purchase_date.map(Instant),
        version: row.version,
        created_at: Instant(row.created_at),
        updated_at: Instant(row.updated_at),
    }
}

/// Half a cent away from zero is rounded up.
fn average(total: i64, count: i64) -> i64 {
    if count == 0 { 0 } else { (2 * total + count).div_euclid(2 * count) }
}

fn engagement(idle: i64) -> &'static str {
    match idle {
        ..=2_592_000_000 => "ACTIVE",
        2_592_000_001..=7_776_000_000 => "AT_RISK",
        _ => "INACTIVE",
    }
}

fn churn_risk(row: &Row, now: i64) -> &'static str {
    let idle = ((now - row.last_purchase_date.unwrap_or(row.customer_since)) / DAY).max(0);
    let gap = match (row.first_order_date, row.last_order_date) {
        (Some(first), Some(last)) if row.total_orders > 1 => (last - first) / ((row.total_orders - 1) * DAY),
        _ => 30,
    };
    let gap = if gap == 0 { 30 } else { gap };
    if idle > 2 * gap {
        "HIGH"
    } else if 2 * idle > 3 * gap {
        "MEDIUM"
    } else {
        "LOW"
    }
}

//! A customer as linked data, by a struct made for it.

use anyhow::Context;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderName, header},
};
use chrono::NaiveDate;
use sea_orm::sqlx::{self, types::Json};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    answer::Failure,
    n_quads,
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

/// What is told of a customer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    #[serde(rename = "@context")]
    pub context: String,
    #[serde(rename = "@id")]
    pub id: String,
    #[serde(rename = "@type")]
    pub types: [&'static str; 2],
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    #[serde(rename = "telephoneE164", skip_serializing_if = "Option::is_none")]
    pub telephone_e164: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    pub email_opt_in: bool,
    pub sms_opt_in: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub communication_preferences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred_language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_fields: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    pub customer_since: Instant,
    pub total_orders: i64,
    pub delivered_orders: i64,
    pub total_spent: Money,
    pub average_order_value: Money,
    pub lifetime_value: Money,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_order_date: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_order_date: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_purchase_date: Option<Instant>,
    pub customer_segment: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engagement: Option<&'static str>,
    pub churn_risk: &'static str,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
    pub addresses_page: String,
    pub orders_page: String,
    pub refunds_page: String,
    pub contacts_page: String,
    pub segments_page: String,
    pub loyalty_memberships_page: String,
    pub communications_page: String,
    pub consents_page: String,
    pub events_page: String,
}

const SQL: &str = "
    select kind, name, given_name, family_name, legal_name, email, telephone, telephone_e164, birth_date, gender,
        email_opt_in, sms_opt_in, communication_channels, preferred_language, timezone, tags, custom_fields, external_id,
        customer_since, total_orders, delivered_orders, total_spent, first_order_date, last_order_date,
        last_purchase_date, version, created_at, updated_at
    from customer where id = $1 and deleted_at is null";

const DAY: i64 = 86_400_000;

/// Answers a customer, as JSON-LD or as N-Quads.
pub async fn customer(
    State(store): State<Store>,
    Path(key): Path<Uuid>,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 1], Vec<u8>), Failure> {
    let row = on!(store.reader, (SQL, SQL), |pool, sql| {
        sqlx::query_as::<_, Row>(sql).bind(key).fetch_optional(pool).await?
    });
    let document = document(&store, key, row.context("no such customer")?);
    if headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/n-quads") {
        return Ok(([(header::CONTENT_TYPE, "application/n-quads")], n_quads::write(&document).into_bytes()));
    }
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

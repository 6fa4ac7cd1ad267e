//! A customer as N-Quads, by a function made for it.

use std::fmt::{Display, Write};

use crate::json_ld::Document;

/// Terms of schema.org.
const SCHEMA: &str = "https://schema.org/";
/// Terms of the product.
const CUSTOMERS: &str = "https://customers.do/vocab#";
/// Terms of RDF.
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// Types of values.
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Writes a customer.
pub fn write(document: &Document) -> String {
    let mut lines = Lines { text: String::with_capacity(4096), subject: &document.id, blanks: 0 };
    let kind = document.types[1].trim_start_matches("schema:");
    lines.state(RDF, "type", format_args!("<{CUSTOMERS}Customer>"));
    lines.state(RDF, "type", format_args!("<{SCHEMA}{kind}>"));
    lines.text(SCHEMA, "name", Some(&document.name));
    lines.text(SCHEMA, "givenName", document.given_name.as_ref());
    lines.text(SCHEMA, "familyName", document.family_name.as_ref());
    lines.text(SCHEMA, "legalName", document.legal_name.as_ref());
    lines.text(SCHEMA, "email", document.email.as_ref());
    lines.text(SCHEMA, "telephone", document.telephone.as_ref());
    lines.text(CUSTOMERS, "telephoneE164", document.telephone_e164.as_ref());
    if let Some(day) = &document.birth_date {
        lines.typed(SCHEMA, "birthDate", day, "date");
    }
    match document.gender.as_deref() {
        Some("FEMALE") => lines.state(SCHEMA, "gender", format_args!("<{SCHEMA}Female>")),
        Some("MALE") => lines.state(SCHEMA, "gender", format_args!("<{SCHEMA}Male>")),
        Some(_) => lines.state(SCHEMA, "gender", format_args!("<{CUSTOMERS}OtherGender>")),
        None => {}
    }
    lines.typed(CUSTOMERS, "emailOptIn", document.email_opt_in, "boolean");
    lines.typed(CUSTOMERS, "smsOptIn", document.sms_opt_in, "boolean");
    lines.list("communicationPreferences", &document.communication_preferences);
    lines.text(CUSTOMERS, "preferredLanguage", document.preferred_language.as_ref());
    lines.text(CUSTOMERS, "timezone", document.timezone.as_ref());
    lines.list("tags", &document.tags);
    if let Some(fields) = &document.custom_fields {
        let fields = escaped(&fields.to_string());
        lines.state(CUSTOMERS, "customFields", format_args!("\"{fields}\"^^<{RDF}JSON>"));
    }
    lines.text(SCHEMA, "identifier", document.external_id.as_ref());
    lines.typed(CUSTOMERS, "customerSince", &document.customer_since, "dateTime");
    lines.typed(CUSTOMERS, "totalOrders", document.total_orders, "integer");
    lines.typed(CUSTOMERS, "deliveredOrders", document.delivered_orders, "integer");
    lines.typed(CUSTOMERS, "totalSpent", &document.total_spent, "decimal");
    lines.typed(CUSTOMERS, "averageOrderValue", &document.average_order_value, "decimal");
    lines.typed(CUSTOMERS, "lifetimeValue", &document.lifetime_value, "decimal");
    let dates = [
        ("firstOrderDate", &document.first_order_date),
        ("lastOrderDate", &document.last_order_date),
        ("lastPurchaseDate", &document.last_purchase_date),
    ];
    for (property, date) in dates {
        if let Some(date) = date {
            lines.typed(CUSTOMERS, property, date, "dateTime");
        }
    }
    let segment = match document.customer_segment {
        "PREMIUM" => "PremiumSegment",
        "STANDARD" => "StandardSegment",
        _ => "BasicSegment",
    };
    lines.state(CUSTOMERS, "customerSegment", format_args!("<{CUSTOMERS}{segment}>"));
    match document.engagement {
        Some("ACTIVE") => lines.state(CUSTOMERS, "engagement", format_args!("<{CUSTOMERS}ActiveCustomer>")),
        Some("AT_RISK") => lines.state(CUSTOMERS, "engagement", format_args!("<{CUSTOMERS}AtRiskCustomer>")),
        Some(_) => lines.state(CUSTOMERS, "engagement", format_args!("<{CUSTOMERS}InactiveCustomer>")),
        None => {}
    }
    let risk = match document.churn_risk {
        "HIGH" => "HighChurnRisk",
        "MEDIUM" => "MediumChurnRisk",
        _ => "LowChurnRisk",
    };
    lines.state(CUSTOMERS, "churnRisk", format_args!("<{CUSTOMERS}{risk}>"));
    lines.typed(CUSTOMERS, "version", document.version, "integer");
    lines.typed(CUSTOMERS, "createdAt", &document.created_at, "dateTime");
    lines.typed(CUSTOMERS, "updatedAt", &document.updated_at, "dateTime");
    let pages = [
        ("addressesPage", &document.addresses_page),
        ("ordersPage", &document.orders_page),
        ("refundsPage", &document.refunds_page),
        ("contactsPage", &document.contacts_page),
        ("segmentsPage", &document.segments_page),
        ("loyaltyMembershipsPage", &document.loyalty_memberships_page),
        ("communicationsPage", &document.communications_page),
        ("consentsPage", &document.consents_page),
        ("eventsPage", &document.events_page),
    ];
    for (property, page) in pages {
        lines.state(CUSTOMERS, property, format_args!("<{page}>"));
    }
    lines.text
}

struct Lines<'a> {
    text: String,
    subject: &'a str,
    blanks: usize,
}

impl Lines<'_> {
    fn state(&mut self, namespace: &str, property: &str, object: impl Display) {
        let _ = writeln!(self.text, "<{}> <{namespace}{property}> {object} .", self.subject);
    }

    fn text(&mut self, namespace: &str, property: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.state(namespace, property, format_args!("\"{}\"", escaped(value)));
        }
    }

    fn typed(&mut self, namespace: &str, property: &str, value: impl Display, datatype: &str) {
        self.state(namespace, property, format_args!("\"{value}\"^^<{XSD}{datatype}>"));
    }

    fn list(&mut self, property: &str, values: &[String]) {
        if values.is_empty() {
            return;
        }
        self.blanks += 1;
        let label = self.blanks;
        self.state(CUSTOMERS, property, format_args!("_:b{label}"));
        for (index, value) in values.iter().enumerate() {
            let label = self.blanks;
            let _ = writeln!(self.text, "_:b{label} <{RDF}first> \"{}\" .", escaped(value));
            if index + 1 == values.len() {
                let _ = writeln!(self.text, "_:b{label} <{RDF}rest> <{RDF}nil> .");
            } else {
                self.blanks += 1;
                let _ = writeln!(self.text, "_:b{label} <{RDF}rest> _:b{} .", self.blanks);
            }
        }
    }
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 8);
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
    text
}

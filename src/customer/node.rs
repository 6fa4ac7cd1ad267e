//! The customer as every face shows it.

use derive::resource;
use entity::customer::{CustomerKind, Gender};
use uuid::Uuid;

use super::{Engagement, SpendSegment, spend};
use crate::{
    churn::{ChurnRisk, Habits},
    instant::{Day, Instant},
    money::Money,
};

/// A person or an organization that buys from the store, or may.
#[resource(
    class = "customers:Customer",
    class_of = "schema:Person",
    class_of = "schema:Organization",
    collection = "customers",
    table = entity::customer,
    deleted_at = DeletedAt
)]
pub struct Customer {
    #[key]
    key: Uuid,
    /// Whether the customer is a person or an organization. It decides which class of schema.org they belong to.
    #[iri("rdf:type")]
    kind: CustomerKind,
    /// Full name, as the customer writes it.
    #[iri("schema:name")]
    #[personal]
    name: String,
    /// Given name of a person. Null if not known.
    #[iri("schema:givenName")]
    #[personal]
    given_name: Option<String>,
    /// Family name of a person. Null if not known.
    #[iri("schema:familyName")]
    #[personal]
    family_name: Option<String>,
    /// Registered name of an organization. Null if not known.
    #[iri("schema:legalName")]
    #[personal]
    legal_name: Option<String>,
    /// E-mail address as written. No two customers have the same, whatever its case. Null if there is none.
    #[iri("schema:email")]
    #[personal]
    email: Option<String>,
    /// Telephone number as written. Null if there is none.
    #[iri("schema:telephone")]
    #[personal]
    telephone: Option<String>,
    /// `telephone` by E.164, such as `+49302312550`, without an extension. Null unless it is a valid number; one that
    /// does not begin with `+` is read as dialled in the country of `address`, and again when that changes.
    #[iri("customers:telephoneE164")]
    #[personal]
    telephone_e164: Option<String>,
    /// Date of birth of a person. Null if not known.
    #[iri("schema:birthDate")]
    #[personal]
    birth_date: Option<Day>,
    /// Gender that a person states. Null if not stated.
    #[iri("schema:gender")]
    #[personal]
    gender: Option<Gender>,
    /// Whether marketing by e-mail is allowed now: the customer's last decision in `consents`.
    #[iri("customers:emailOptIn")]
    email_opt_in: bool,
    /// Whether marketing by text message is allowed now: the customer's last decision in `consents`.
    #[iri("customers:smsOptIn")]
    sms_opt_in: bool,
    /// The channels by which the customer wishes to be reached, the best first.
    #[iri("customers:communicationPreferences")]
    #[column(communication_channels)]
    communication_preferences: Vec<String>,
    /// Language to write in: a BCP 47 tag such as `pt-BR`. Null if not stated.
    #[iri("customers:preferredLanguage")]
    preferred_language: Option<String>,
    /// Time zone by its IANA name, for display only: all figures are in UTC. Null if not stated.
    #[iri("customers:timezone")]
    timezone: Option<String>,
    /// Free marks, in the order given.
    #[iri("customers:tags")]
    tags: Vec<String>,
    /// Further facts of the store's own making: a JSON object. Null if there are none.
    #[iri("customers:customFields")]
    #[personal]
    custom_fields: Option<serde_json::Value>,
    /// Key of the customer in another system. Null if there is none.
    #[iri("schema:identifier")]
    external_id: Option<String>,
    /// When the customer joined: as given, else their earliest order or refund.
    #[iri("customers:customerSince")]
    customer_since: Instant,
    /// Number of orders placed and not cancelled.
    #[iri("customers:totalOrders")]
    total_orders: i64,
    /// Number of orders delivered: the customer's purchases.
    #[iri("customers:deliveredOrders")]
    delivered_orders: i64,
    /// Sum of delivered order totals less refunds, in the store's currency. Zero before the first delivery; negative
    /// when more was returned than bought.
    #[iri("customers:totalSpent")]
    total_spent: Money,
    /// `totalSpent` per delivered order, rounded to the minor unit. Zero before the first delivery.
    #[iri("customers:averageOrderValue")]
    #[derived(spend::average_order_value(total_spent, delivered_orders))]
    average_order_value: Money,
    /// What the customer has been worth so far: the part of `totalSpent` that is the store's `marginFactor`, rounded half
    /// up.
    #[iri("customers:lifetimeValue")]
    #[derived(reading.margin.of(total_spent))]
    lifetime_value: Money,
    /// When the first order was placed that is not cancelled. Null before it.
    #[iri("customers:firstOrderDate")]
    first_order_date: Option<Instant>,
    /// When the last order was placed that is not cancelled. Null before the first.
    #[iri("customers:lastOrderDate")]
    last_order_date: Option<Instant>,
    /// When the last purchase was delivered. Null before the first.
    #[iri("customers:lastPurchaseDate")]
    last_purchase_date: Option<Instant>,
    /// Segment by spending.
    #[iri("customers:customerSegment")]
    #[derived(SpendSegment::of(total_spent))]
    customer_segment: SpendSegment,
    /// How recently the customer bought, at the moment of reading. Null before the first purchase.
    #[iri("customers:engagement")]
    #[derived(Engagement::of(last_purchase_date, reading.now))]
    engagement: Option<Engagement>,
    /// How likely the customer is to leave, at the moment of reading.
    #[iri("customers:churnRisk")]
    #[derived(Habits {
        last_purchase: last_purchase_date,
        since: customer_since,
        orders: total_orders,
        first_order: first_order_date,
        last_order: last_order_date,
    }.risk(reading.now))]
    churn_risk: ChurnRisk,
    /// Counts edits by clients, from 1. Orders and jobs leave it alone; so do addresses, contacts and `consentRecord`.
    #[iri("customers:version")]
    version: i32,
    /// When the customer was entered here.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited the customer: see `version`.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

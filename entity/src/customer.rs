//! Customers: who they are, how to reach them, and the figures kept from their orders.

use derive::terms;
use sea_orm::entity::prelude::*;

use crate::texts::Texts;

/// A person or an organization that buys from the store.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Person or organization.
    pub kind: CustomerKind,
    /// Full name, as the customer writes it.
    pub name: String,
    /// `name`, folded: what lists are sorted and searched by.
    pub name_key: String,
    /// Given name of a person; null if not known.
    pub given_name: Option<String>,
    /// Family name of a person; null if not known.
    pub family_name: Option<String>,
    /// Registered name of an organization; null if not known.
    pub legal_name: Option<String>,
    /// E-mail address as written; null if there is none.
    pub email: Option<String>,
    /// `email`, case-folded: unique among customers that are not deleted. Null with `email`.
    pub email_key: Option<String>,
    /// Telephone number as written; null if there is none.
    pub telephone: Option<String>,
    /// `telephone` by E.164; null unless it is a valid number whose country is known.
    pub telephone_e164: Option<String>,
    /// Date of birth; null if not known.
    pub birth_date: Option<Date>,
    /// Null if not stated.
    pub gender: Option<Gender>,
    /// Whether marketing by e-mail is allowed now.
    pub email_opt_in: bool,
    /// Whether marketing by text message is allowed now.
    pub sms_opt_in: bool,
    /// Channels the customer prefers, the best first.
    #[sea_orm(column_type = "JsonBinary")]
    pub communication_channels: Texts,
    /// BCP 47 language tag; null if not stated.
    pub preferred_language: Option<String>,
    /// IANA time zone name, for display only; null if not stated.
    pub timezone: Option<String>,
    /// Tags in the order given. `customer_tag` is their index.
    #[sea_orm(column_type = "JsonBinary")]
    pub tags: Texts,
    /// An object of the store's own making; null if there is none.
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub custom_fields: Option<Json>,
    /// Key in another system, unique also among deleted customers; null if there is none.
    pub external_id: Option<String>,
    /// Folded text that `search` finds parts of.
    pub search_text: String,
    /// When the customer joined: given, else the earliest order or refund.
    pub customer_since: ChronoUnixTimestampMillis,
    /// Number of orders that are not cancelled.
    pub total_orders: i64,
    /// Number of delivered orders.
    pub delivered_orders: i64,
    /// Delivered order totals less refunds, in minor units of the store's currency. May be negative.
    pub total_spent: i64,
    /// When the earliest order was placed; null before the first.
    pub first_order_date: Option<ChronoUnixTimestampMillis>,
    /// When the latest order was placed; null before the first.
    pub last_order_date: Option<ChronoUnixTimestampMillis>,
    /// When the latest delivery was made; null before the first.
    pub last_purchase_date: Option<ChronoUnixTimestampMillis>,
    /// Counts edits by clients from 1; orders and jobs leave it alone.
    pub version: i32,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// When a client last edited it.
    pub updated_at: ChronoUnixTimestampMillis,
    /// When the customer was deleted; null while live.
    pub deleted_at: Option<ChronoUnixTimestampMillis>,
}

impl Model {
    /// A live customer of whom nothing is known but this: no figures, no e-mail address, consent to nothing, no tags.
    /// `made` is when the row is made. The columns that are computed from others are empty.
    #[must_use]
    pub fn new(
        id: Uuid,
        kind: CustomerKind,
        name: String,
        customer_since: ChronoUnixTimestampMillis,
        made: ChronoUnixTimestampMillis,
    ) -> Self {
        Self {
            id,
            kind,
            name,
            name_key: String::new(),
            given_name: None,
            family_name: None,
            legal_name: None,
            email: None,
            email_key: None,
            telephone: None,
            telephone_e164: None,
            birth_date: None,
            gender: None,
            email_opt_in: false,
            sms_opt_in: false,
            communication_channels: Texts::default(),
            preferred_language: None,
            timezone: None,
            tags: Texts::default(),
            custom_fields: None,
            external_id: None,
            search_text: String::new(),
            customer_since,
            total_orders: 0,
            delivered_orders: 0,
            total_spent: 0,
            first_order_date: None,
            last_order_date: None,
            last_purchase_date: None,
            version: 1,
            created_at: made,
            updated_at: made,
            deleted_at: None,
        }
    }
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Columns that the database computes for lists to be sorted by, never null. They are not part of a row.
#[derive(Copy, Clone, Debug, DeriveIden)]
pub enum SortKey {
    /// `email_key`, or empty.
    #[sea_orm(iden = "email_sort")]
    Email,
    /// `first_order_date`, or `INSTANT_BEFORE_ALL`.
    #[sea_orm(iden = "first_order_date_sort")]
    FirstOrderDate,
    /// `last_order_date`, or `INSTANT_BEFORE_ALL`.
    #[sea_orm(iden = "last_order_date_sort")]
    LastOrderDate,
    /// `last_purchase_date`, or `INSTANT_BEFORE_ALL`.
    #[sea_orm(iden = "last_purchase_date_sort")]
    LastPurchaseDate,
}

/// What a customer is: a person or an organization.
#[terms("customers:CustomerKind", column)]
pub enum CustomerKind {
    /// A natural person, who may have a birth date and a gender.
    #[iri("schema:Person")]
    Person,
    /// A company, an association or another body, which may have a legal name and contacts.
    #[iri("schema:Organization")]
    Organization,
}

/// The gender that a person states.
#[terms("schema:GenderType", column)]
pub enum Gender {
    /// The person is female.
    #[iri("schema:Female")]
    Female,
    /// The person is male.
    #[iri("schema:Male")]
    Male,
    /// The person is neither, or describes it in another way.
    #[iri("customers:OtherGender")]
    Other,
}

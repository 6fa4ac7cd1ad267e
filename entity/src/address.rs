//! Postal addresses of customers.

use sea_orm::entity::prelude::*;

/// Where a customer receives goods or bills.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "address")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whose address it is.
    pub customer_id: Uuid,
    /// Addressee; null if it is the customer.
    pub name: Option<String>,
    /// Street and number; null if not known.
    pub street_address: Option<String>,
    /// Town; null if not known.
    pub address_locality: Option<String>,
    /// `address_locality`, folded. Null with it.
    pub locality_key: Option<String>,
    /// State, province or county; null if not known.
    pub address_region: Option<String>,
    /// Postal code as written; null if not known.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2 code, or the text as written where the country is not recognised; null if not
    /// known.
    pub address_country: Option<String>,
    /// Whether bills go here unless an order says otherwise; true for at most one address of a customer.
    pub is_default_billing: bool,
    /// Whether goods go here unless an order says otherwise; true for at most one address of a customer.
    pub is_default_shipping: bool,
    /// Counts edits by clients from 1.
    pub version: i32,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// When a client last edited it.
    pub updated_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

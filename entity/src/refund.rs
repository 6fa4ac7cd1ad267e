//! Money given back to customers.

use sea_orm::entity::prelude::*;

/// Money returned to a customer at one time, for an order or not.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who received it.
    pub customer_id: Uuid,
    /// The order it is for; null if it stands alone.
    pub order_id: Option<Uuid>,
    /// Key in another system, unique; null if there is none.
    pub external_id: Option<String>,
    /// Minor units of `currency`, more than 0.
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: String,
    /// What it takes from the customer's spending, in minor units of the store's currency. All refunds of an order
    /// come to what is taken for their sum, so that one that is returned in parts leaves nothing behind.
    pub store_amount: i64,
    /// Why, in words; null if not stated.
    pub reason: Option<String>,
    /// When the money was returned: the instant that counts in figures.
    pub refunded_at: ChronoUnixTimestampMillis,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! What the database was made for. The table has one row.

use sea_orm::entity::prelude::*;

/// The store whose customers these are.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "store")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    /// ISO 4217 code of the currency of every figure.
    pub currency: String,
    /// When the database was made.
    pub created_at: ChronoUnixTimestampMillis,
    /// What links in messages are signed with, in base64; null before the first start that knows of it.
    pub link_secret: Option<String>,
    /// Whether new customers are welcomed.
    pub sends_welcome: bool,
    /// Whether customers who rise to a tier are congratulated.
    pub sends_upgrade: bool,
    /// Whether customers who are about to leave are written to.
    pub sends_re_engagement: bool,
    /// How many marketing messages a customer gets in `marketing_cap_days`, at most.
    pub marketing_cap: i32,
    /// The days in which `marketing_cap` counts.
    pub marketing_cap_days: i32,
    /// After how many days in the queue messages that follow from events, and marketing, are not sent any more.
    pub expiry_days: i32,
    /// Another one whenever the rule of a segment is another; null before the first is made by a client.
    pub rules_edition: Option<Uuid>,
    /// What part of revenue a customer is worth, in ten-thousandths.
    pub margin: i32,
    /// What money is taken to lose in value in a month: 0.01 is one percent.
    pub monthly_discount: f64,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

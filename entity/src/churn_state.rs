//! Whether customers were lost when that was last looked at.

use sea_orm::entity::prelude::*;

/// Whether a customer was lost. Customers who were never looked at have no row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "churn_state")]
pub struct Model {
    /// The customer's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Whether their churn risk was high.
    pub is_churned: bool,
    /// When that was first found.
    pub since: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

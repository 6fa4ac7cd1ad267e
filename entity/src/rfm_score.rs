//! The scores of customers by recency, frequency and monetary value.

use derive::terms;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

/// The scores of a customer, as the last run about the present gave them.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "rfm_score")]
pub struct Model {
    /// The customer's key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// How recently they bought, 1 to 5.
    pub recency: i32,
    /// How often, 1 to 5.
    pub frequency: i32,
    /// How much they spent, 1 to 5.
    pub monetary: i32,
    /// The segment that the three make.
    pub segment: RfmSegment,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// A customer by the scores of recency, frequency and monetary value.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[terms("customers:RfmSegment", column)]
pub enum RfmSegment {
    /// Bought most recently, buy often and spend most.
    #[iri("customers:RfmChampions")]
    Champions,
    /// Buy often and spend well.
    #[iri("customers:RfmLoyal")]
    Loyal,
    /// Bought recently, more than once or for a good amount.
    #[iri("customers:RfmPotentialLoyalist")]
    PotentialLoyalist,
    /// Bought recently for the first time, or nearly so.
    #[iri("customers:RfmNewCustomers")]
    NewCustomers,
    /// Bought recently and for a good amount, but not often.
    #[iri("customers:RfmPromising")]
    Promising,
    /// Are above average in all respects, and bought not very recently.
    #[iri("customers:RfmNeedAttention")]
    NeedAttention,
    /// Are below average in all respects, and are going to be lost.
    #[iri("customers:RfmAboutToSleep")]
    AboutToSleep,
    /// Bought often or for much, but long ago.
    #[iri("customers:RfmAtRisk")]
    AtRisk,
    /// Spent most and bought often, but very long ago.
    #[iri("customers:RfmCannotLoseThem")]
    CannotLoseThem,
    /// Bought long ago, seldom and for little.
    #[iri("customers:RfmHibernating")]
    Hibernating,
    /// Bought longest ago and for least.
    #[iri("customers:RfmLost")]
    Lost,
}

//! The log of consent: what customers allowed and forbade, and how it is known.

use derive::terms;
use sea_orm::entity::prelude::*;

use crate::communication::{CommunicationChannel, CommunicationPurpose};

/// One decision of a customer. Rows are only ever added; the newest of a channel and purpose is what holds.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Who decided.
    pub customer_id: Uuid,
    /// By which way messages may come, or not.
    pub channel: CommunicationChannel,
    /// For what they may come, or not.
    pub purpose: CommunicationPurpose,
    /// What was decided.
    pub state: ConsentState,
    /// Version of the text that the customer agreed to; null if it is not known.
    pub wording_version: Option<String>,
    /// Where the decision was taken, such as the name of a form, or the mutation that told of it.
    pub source: String,
    /// When the customer decided.
    pub decided_at: ChronoUnixTimestampMillis,
    /// When the row was made.
    pub created_at: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a customer decided about messages.
#[terms("customers:ConsentState", column)]
pub enum ConsentState {
    /// The customer allows such messages.
    #[iri("customers:GrantedConsent")]
    Granted,
    /// The customer allows them no longer, or never did.
    #[iri("customers:WithdrawnConsent")]
    Withdrawn,
}

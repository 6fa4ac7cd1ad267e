//! What decisions can be filtered and sorted by.

use derive::filter;
use entity::consent::{self, Column, ConsentState};

use super::Consent;
use crate::{
    communication::{CommunicationChannelComparison, CommunicationPurposeComparison},
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, StringComparison, relation, term_comparison},
        order_by,
    },
};

term_comparison! {
    /// Tests of what was decided. All given must pass.
    ConsentStateComparison, ConsentState
}

/// Which decisions about messages. All conditions given must hold.
#[filter(table = entity::consent)]
pub struct ConsentWhere {
    /// By which way messages may come, or not.
    #[column(Channel)]
    channel: CommunicationChannelComparison,
    /// For what they may come, or not.
    #[column(Purpose)]
    purpose: CommunicationPurposeComparison,
    /// What was decided.
    #[column(State)]
    state: ConsentStateComparison,
    /// Version of the text.
    #[column(WordingVersion)]
    wording_version: StringComparison,
    /// Where it was decided.
    #[column(Source)]
    source: StringComparison,
    /// When it was decided.
    #[column(DecidedAt)]
    decided_at: DateTimeComparison,
    /// When it was recorded.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// Who decided.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
}

relation! {
    /// Conditions on related decisions about messages. All given must hold.
    ConsentRelation, ConsentCountComparison, ConsentWhere
}

order_by! {
    /// What decisions about messages are sorted by.
    ConsentOrderBy,
    /// The fields that decisions about messages can be sorted by.
    ConsentOrderField {
        /// When it was decided.
        DecidedAt: Integer consent::Entity, Column::DecidedAt;
    }
    default DecidedAt Desc
}

impl Listed for Consent {
    type Where = ConsentWhere;
    type OrderBy = ConsentOrderBy;
}

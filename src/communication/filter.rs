//! What communications can be filtered and sorted by.

use derive::filter;
use entity::communication::{self, Column, CommunicationChannel, CommunicationPurpose, CommunicationState};

use super::{Communication, CommunicationAttemptRelation};
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, StringComparison, relation, term_comparison},
        order_by,
    },
};

term_comparison! {
    /// Tests of how a message travels. All given must pass.
    CommunicationChannelComparison, CommunicationChannel
}

term_comparison! {
    /// Tests of what a message is for. All given must pass.
    CommunicationPurposeComparison, CommunicationPurpose
}

term_comparison! {
    /// Tests of what became of a message. All given must pass.
    CommunicationStateComparison, CommunicationState
}

/// Which communications. All conditions given must hold.
#[filter(table = entity::communication)]
pub struct CommunicationWhere {
    /// How it travels.
    #[column(Channel)]
    channel: CommunicationChannelComparison,
    /// What it is for.
    #[column(Purpose)]
    purpose: CommunicationPurposeComparison,
    /// What became of it.
    #[column(State)]
    state: CommunicationStateComparison,
    /// Name of the template that it is written from.
    #[column(Template)]
    template: StringComparison,
    /// Why it failed, or was held back.
    #[column(Reason)]
    reason: StringComparison,
    /// When it was queued, or held back.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// When it was handed over for delivery.
    #[column(SentAt)]
    sent_at: DateTimeComparison,
    /// Whom it is for.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
    /// The attempts to send it.
    #[edge(column = entity::communication_attempt::Column::CommunicationId)]
    attempts: CommunicationAttemptRelation,
}

relation! {
    /// Conditions on related communications. All given must hold.
    CommunicationRelation, CommunicationCountComparison, CommunicationWhere
}

order_by! {
    /// What communications are sorted by.
    CommunicationOrderBy,
    /// The fields that communications can be sorted by.
    CommunicationOrderField {
        /// When it was queued, or held back.
        CreatedAt: Integer communication::Entity, Column::CreatedAt;
    }
    default CreatedAt Desc
}

impl Listed for Communication {
    type Where = CommunicationWhere;
    type OrderBy = CommunicationOrderBy;
}

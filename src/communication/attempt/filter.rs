//! What attempts can be filtered and sorted by.

use derive::filter;
use entity::communication_attempt::{self, AttemptOutcome, Column};

use super::CommunicationAttempt;
use crate::{
    communication::CommunicationWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, relation, term_comparison},
        order_by,
    },
};

term_comparison! {
    /// Tests of what came of an attempt. All given must pass.
    AttemptOutcomeComparison, AttemptOutcome
}

/// Which attempts. All conditions given must hold.
#[filter(table = entity::communication_attempt)]
pub struct CommunicationAttemptWhere {
    /// When it began.
    #[column(StartedAt)]
    started_at: DateTimeComparison,
    /// When it ended.
    #[column(EndedAt)]
    ended_at: DateTimeComparison,
    /// What came of it.
    #[column(Outcome)]
    outcome: AttemptOutcomeComparison,
    /// The message.
    #[edge(to = CommunicationId)]
    communication: Box<CommunicationWhere>,
}

relation! {
    /// Conditions on related attempts. All given must hold.
    CommunicationAttemptRelation, CommunicationAttemptCountComparison, CommunicationAttemptWhere
}

order_by! {
    /// What attempts are sorted by.
    CommunicationAttemptOrderBy,
    /// The fields that attempts can be sorted by.
    CommunicationAttemptOrderField {
        /// When it began.
        StartedAt: Integer communication_attempt::Entity, Column::StartedAt;
    }
    default StartedAt Asc
}

impl Listed for CommunicationAttempt {
    type Where = CommunicationAttemptWhere;
    type OrderBy = CommunicationAttemptOrderBy;
}

//! What loyalty programs can be filtered and sorted by.

use derive::filter;
use entity::loyalty_program::{self, Column, LoyaltyEvaluation};

use super::LoyaltyProgram;
use crate::{
    graphql::{
        Listed,
        comparison::{BooleanComparison, DateTimeComparison, StringComparison, term_comparison},
        order_by,
    },
    loyalty::{self, LoyaltyMembershipRelation, LoyaltyTierRelation},
};

term_comparison! {
    /// Tests of which spending counts. All given must pass.
    LoyaltyEvaluationComparison, LoyaltyEvaluation
}

/// Which loyalty programs. All conditions given must hold.
#[filter(table = entity::loyalty_program, node = LoyaltyProgram)]
pub struct LoyaltyProgramWhere {
    /// Stable name for programs that use this server.
    #[column(Handle)]
    handle: StringComparison,
    /// Name for people, letter by letter.
    #[column(Name)]
    name: StringComparison,
    /// Whether it is the default program.
    #[column(IsDefault)]
    is_default: BooleanComparison,
    /// Which spending counts towards its tiers.
    #[column(Evaluation)]
    evaluation: LoyaltyEvaluationComparison,
    /// Whether everyone has moved since its tiers were last edited.
    #[column(IsSettled)]
    is_settled: BooleanComparison,
    /// When it was made.
    #[column(CreatedAt)]
    created_at: DateTimeComparison,
    /// Its tiers.
    #[edge(column = entity::loyalty_tier::Column::ProgramId, only = loyalty::is_not_retired)]
    tiers: LoyaltyTierRelation,
    /// Who is in it.
    #[edge(column = entity::loyalty_membership::Column::ProgramId)]
    memberships: LoyaltyMembershipRelation,
}

order_by! {
    /// What loyalty programs are sorted by.
    LoyaltyProgramOrderBy,
    /// The fields that loyalty programs can be sorted by.
    LoyaltyProgramOrderField {
        /// When it was made.
        CreatedAt: Integer loyalty_program::Entity, Column::CreatedAt;
    }
    default CreatedAt Asc
}

impl Listed for LoyaltyProgram {
    type Where = LoyaltyProgramWhere;
    type OrderBy = LoyaltyProgramOrderBy;
}

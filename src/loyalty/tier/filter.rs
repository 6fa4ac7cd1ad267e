//! What loyalty tiers can be filtered and sorted by.

use derive::filter;
use entity::{
    loyalty_program,
    loyalty_tier::{self, Column},
};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement};

use super::LoyaltyTier;
use crate::{
    graphql::{
        Listed,
        comparison::{DecimalComparison, IntComparison, StringComparison, relation},
        order_by,
    },
    loyalty::{LoyaltyMembershipRelation, LoyaltyProgramWhere},
};

/// Which loyalty tiers. All conditions given must hold.
#[filter(table = entity::loyalty_tier, node = LoyaltyTier)]
pub struct LoyaltyTierWhere {
    /// Name, letter by letter.
    #[column(Name)]
    name: StringComparison,
    /// Place among the tiers of the program: 1 is the lowest.
    #[column(Rank)]
    rank: IntComparison,
    /// Spending from which it is reached.
    #[column(MinSpend)]
    min_spend: DecimalComparison,
    /// Discount in percent.
    #[column(DiscountPercent)]
    discount_percent: IntComparison,
    /// The program that it is a tier of.
    #[edge(to = ProgramId)]
    program: Box<LoyaltyProgramWhere>,
    /// The memberships that hold it now.
    #[edge(column = entity::loyalty_membership::Column::TierId)]
    memberships: LoyaltyMembershipRelation,
}

/// The condition that a tier belongs to the default program.
#[must_use]
pub fn is_of_default_program() -> Expr {
    let mut programs = SelectStatement::new();
    programs
        .column((loyalty_program::Entity, loyalty_program::Column::Id))
        .from(loyalty_program::Entity)
        .and_where(Expr::col((loyalty_program::Entity, loyalty_program::Column::IsDefault)));
    Expr::col((loyalty_tier::Entity, Column::ProgramId)).in_subquery(programs)
}

/// The condition that a tier was not taken away from its program.
#[must_use]
pub fn is_not_retired() -> Expr {
    Expr::col((loyalty_tier::Entity, Column::RetiredAt)).is_null()
}

relation! {
    /// Conditions on related loyalty tiers. All given must hold.
    LoyaltyTierRelation, LoyaltyTierCountComparison, LoyaltyTierWhere
}

order_by! {
    /// What loyalty tiers are sorted by.
    LoyaltyTierOrderBy,
    /// The fields that loyalty tiers can be sorted by.
    LoyaltyTierOrderField {
        /// Place among the tiers of the program.
        Rank: Integer loyalty_tier::Entity, Column::Rank;
    }
    default Rank Asc
}

impl Listed for LoyaltyTier {
    type Where = LoyaltyTierWhere;
    type OrderBy = LoyaltyTierOrderBy;
}

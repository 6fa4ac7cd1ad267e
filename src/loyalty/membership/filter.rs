//! What loyalty memberships can be filtered and sorted by.

use derive::filter;
use entity::loyalty_membership::{self, Column};

use super::LoyaltyMembership;
use crate::{
    customer::CustomerWhere,
    graphql::{
        Listed,
        comparison::{DateTimeComparison, relation},
        order_by,
    },
    loyalty::{LoyaltyProgramWhere, LoyaltyTierWhere},
};

/// Which loyalty memberships. All conditions given must hold.
#[filter(table = entity::loyalty_membership)]
pub struct LoyaltyMembershipWhere {
    /// When the customer joined the program.
    #[column(Since)]
    since: DateTimeComparison,
    /// When the customer came to the tier that they hold now.
    #[column(TierSince)]
    tier_since: DateTimeComparison,
    /// Who is in the program.
    #[edge(to = CustomerId)]
    customer: Box<CustomerWhere>,
    /// The program that they are in.
    #[edge(to = ProgramId)]
    program: Box<LoyaltyProgramWhere>,
    /// The tier that they hold now.
    #[edge(to = TierId)]
    tier: Box<LoyaltyTierWhere>,
}

relation! {
    /// Conditions on related loyalty memberships. All given must hold.
    LoyaltyMembershipRelation, LoyaltyMembershipCountComparison, LoyaltyMembershipWhere
}

order_by! {
    /// What loyalty memberships are sorted by.
    LoyaltyMembershipOrderBy,
    /// The fields that loyalty memberships can be sorted by.
    LoyaltyMembershipOrderField {
        /// When the customer joined the program.
        Since: Integer loyalty_membership::Entity, Column::Since;
    }
    default Since Desc
}

impl Listed for LoyaltyMembership {
    type Where = LoyaltyMembershipWhere;
    type OrderBy = LoyaltyMembershipOrderBy;
}

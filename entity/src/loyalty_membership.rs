//! Who is in which loyalty program, and on which tier.

use sea_orm::entity::prelude::*;

/// A customer in a loyalty program, once for each program.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "loyalty_membership")]
pub struct Model {
    /// Key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The program.
    pub program_id: Uuid,
    /// The member.
    pub customer_id: Uuid,
    /// The tier held now, one of the program's.
    pub tier_id: Uuid,
    /// When the customer joined the program.
    pub since: ChronoUnixTimestampMillis,
    /// When the customer came to the tier held now.
    pub tier_since: ChronoUnixTimestampMillis,
}

/// None: the server writes its own joins.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

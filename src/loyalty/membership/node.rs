//! The loyalty membership as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::instant::Instant;

/// A customer in a loyalty program, once for each program.
#[resource(
    class = "customers:LoyaltyMembership",
    class_of = "schema:ProgramMembership",
    collection = "loyalty-memberships",
    table = entity::loyalty_membership
)]
pub struct LoyaltyMembership {
    #[key]
    key: Uuid,
    #[foreign]
    customer_id: Uuid,
    #[foreign]
    program_id: Uuid,
    #[foreign]
    tier_id: Uuid,
    /// When the customer joined the program.
    #[iri("customers:memberSince")]
    since: Instant,
    /// When the customer came to the tier that they hold now.
    #[iri("customers:tierSince")]
    tier_since: Instant,
}

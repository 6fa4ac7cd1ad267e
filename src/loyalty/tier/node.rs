//! The loyalty tier as every face shows it.

use derive::resource;
use uuid::Uuid;

use crate::{instant::Instant, money::Money};

/// A level of a loyalty program. A member holds the highest one whose `minSpend` they have reached.
#[resource(
    class = "customers:LoyaltyTier",
    class_of = "schema:MemberProgramTier",
    collection = "loyalty-tiers",
    table = entity::loyalty_tier
)]
pub struct LoyaltyTier {
    #[key]
    key: Uuid,
    #[foreign]
    program_id: Uuid,
    /// Name. No two tiers of a program share one, but with those that were taken away.
    #[iri("schema:name")]
    name: String,
    /// Place among the tiers of the program: 1 is the lowest. The last one that it had, if it was taken away.
    #[iri("customers:rank")]
    rank: i32,
    /// Spending from which the tier is reached, in major units of the store's currency. No two tiers of a program share
    /// it.
    #[iri("customers:minSpend")]
    min_spend: Money,
    /// Discount for members who hold the tier, in percent: 0 to 100.
    #[iri("customers:discountPercent")]
    discount_percent: i32,
    /// What members who hold the tier get, in words. Empty if not said.
    #[iri("customers:benefits")]
    benefits: Vec<String>,
    /// When it was taken away from the program. Null while it is one of its tiers. Whoever holds it then comes to another
    /// within moments: see `isSettled` of the program.
    #[iri("customers:retiredAt")]
    retired_at: Option<Instant>,
    /// Counts edits by clients, from 1.
    #[iri("customers:version")]
    version: i32,
    /// When the tier was made.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited it.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

//! The loyalty program as every face shows it.

use derive::resource;
use entity::loyalty_program::LoyaltyEvaluation;
use uuid::Uuid;

use crate::instant::Instant;

/// A scheme that rewards spending by tiers.
#[resource(
    class = "customers:LoyaltyProgram",
    class_of = "schema:MemberProgram",
    collection = "loyalty-programs",
    table = entity::loyalty_program
)]
pub struct LoyaltyProgram {
    #[key]
    key: Uuid,
    /// Stable name for programs that use this server. No two loyalty programs share one.
    #[iri("schema:identifier")]
    handle: String,
    /// Name for people.
    #[iri("schema:name")]
    name: String,
    /// What it offers, in words. Null if not described.
    #[iri("schema:description")]
    description: Option<String>,
    /// Whether it is the default program, in which every customer is enrolled. At most one is.
    #[iri("customers:isDefault")]
    is_default: bool,
    /// Which spending counts towards its tiers.
    #[iri("customers:evaluation")]
    evaluation: LoyaltyEvaluation,
    /// For how many days after a period members keep a tier that they did not reach in it. Null if nobody ever falls.
    /// Where all spending counts there is no period, and this says nothing.
    #[iri("customers:graceDays")]
    grace_days: Option<i32>,
    /// Whether everyone has moved since its tiers, or `evaluation`, were last edited: who bought meanwhile has, the others
    /// do within moments.
    #[iri("customers:isSettled")]
    is_settled: bool,
    /// Counts edits by clients, from 1.
    #[iri("customers:version")]
    version: i32,
    /// When the program was made.
    #[iri("customers:createdAt")]
    created_at: Instant,
    /// When a client last edited it.
    #[iri("customers:updatedAt")]
    updated_at: Instant,
}

//! What clients send about loyalty programs.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::loyalty_program::LoyaltyEvaluation;

use crate::graphql::Decimal;

/// What `loyaltyProgramCreate` takes.
#[derive(Clone, Debug, InputObject)]
pub struct LoyaltyProgramCreateInput {
    /// Name for people.
    pub name: String,
    /// Stable name for programs that use this server, which no two loyalty programs share: at most 100 letters a to z,
    /// digits, and hyphens between them. Made from the name if not said.
    pub handle: Option<String>,
    /// What it offers, in words: at most 10,000 characters.
    pub description: Option<String>,
    /// Which spending counts towards its tiers: all of it if not said.
    pub evaluation: Option<LoyaltyEvaluation>,
    /// For how many days after a period members keep a tier that they did not reach in it: 0 to 365, and 0 if not said.
    /// With null nobody ever falls. Where all spending counts there is no period, and this says nothing.
    pub grace_days: MaybeUndefined<i32>,
    /// Its tiers, 1 to 50, in any order: thresholds tell which is higher. The lowest is that of every member whose
    /// spending reaches no other.
    pub tiers: Vec<LoyaltyTierInput>,
}

/// What `loyaltyProgramUpdate` takes. What is not said stays as it is; null clears what may be absent.
#[derive(Clone, Debug, InputObject)]
pub struct LoyaltyProgramUpdateInput {
    /// The program.
    pub id: ID,
    /// Name for people. Not null.
    pub name: MaybeUndefined<String>,
    /// Stable name for programs that use this server, which no two loyalty programs share. Not null.
    pub handle: MaybeUndefined<String>,
    /// What it offers, in words: at most 10,000 characters.
    pub description: MaybeUndefined<String>,
    /// Which spending counts towards its tiers. Not null.
    pub evaluation: MaybeUndefined<LoyaltyEvaluation>,
    /// For how many days after a period members keep a tier that they did not reach in it: 0 to 365. With null nobody
    /// ever falls.
    pub grace_days: MaybeUndefined<i32>,
    /// All its tiers, 1 to 50. Those that are not among them are taken away, and their members come to the tier that
    /// their spending reaches. Not null.
    pub tiers: MaybeUndefined<Vec<LoyaltyTierInput>>,
    /// The version that the client has seen. Another one is a conflict, and changes nothing.
    pub expected_version: Option<i32>,
}

/// A tier of a loyalty program.
#[derive(Clone, Debug, InputObject)]
pub struct LoyaltyTierInput {
    /// The tier of the program that this is from now on. If not said, it is the one with the same name, else the one
    /// with the same threshold, else a new one.
    pub id: Option<ID>,
    /// Name. No two tiers of a program share one.
    pub name: String,
    /// Spending from which the tier is reached, 0 or more, in major units of the store's currency. No two tiers of a
    /// program share it.
    pub min_spend: Decimal,
    /// Discount for members who hold the tier, in percent: 0 to 100.
    #[graphql(default)]
    pub discount_percent: i32,
    /// What members who hold the tier get, in words: at most 50.
    #[graphql(default)]
    pub benefits: Vec<String>,
}

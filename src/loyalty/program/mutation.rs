//! Loyalty programs at the root of mutations.

use async_graphql::{Context, Object};
use uuid::Uuid;

use super::{
    LoyaltyProgram,
    input::{LoyaltyProgramCreateInput, LoyaltyProgramUpdateInput, LoyaltyTierInput},
    operations,
};
use crate::{
    failure::Outcome,
    graphql::{key_of, payload},
    loyalty::LoyaltyTier,
    reactions::transact,
};

payload! {
    /// The loyalty program that was written, or why it was not.
    LoyaltyProgramPayload {
        /// The program as it is now. Null when it was not written.
        loyalty_program: LoyaltyProgram
    }
}

/// The mutations of loyalty programs.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoyaltyProgramMutation;

#[Object]
impl LoyaltyProgramMutation {
    /// Makes a loyalty program, with its tiers and no members.
    async fn loyalty_program_create(
        &self,
        ctx: &Context<'_>,
        input: LoyaltyProgramCreateInput,
    ) -> Option<Outcome<LoyaltyProgramPayload>> {
        transact(
            ctx,
            &input,
            |tx, input| async move { operations::create(&tx, input, &named(ctx, &input.tiers)?).await },
        )
        .await
    }

    /// Edits a loyalty program and its tiers. Members come to the tier that their spending reaches by the new rules right
    /// after this is done, which `isSettled` tells; whoever buys meanwhile does so with the purchase. They rise and fall by
    /// the edit at once, also where nobody falls before a period is over otherwise. What is not said stays as it is; an edit
    /// that changes nothing leaves its version alone.
    async fn loyalty_program_update(
        &self,
        ctx: &Context<'_>,
        input: LoyaltyProgramUpdateInput,
    ) -> Option<Outcome<LoyaltyProgramPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let program = key_of::<LoyaltyProgram>(ctx, "input.id", &input.id)?;
            let tiers = input.tiers.as_opt_ref().flatten().map_or(&[][..], Vec::as_slice);
            operations::update(&tx, program, input, &named(ctx, tiers)?).await
        })
        .await
    }
}

/// The tiers that the inputs name, one for each or none.
fn named(ctx: &Context<'_>, tiers: &[LoyaltyTierInput]) -> Outcome<Vec<Option<Uuid>>> {
    let named = tiers.iter().enumerate().map(|(index, tier)| {
        let path = format!("input.tiers.{index}.id");
        tier.id.as_ref().map(|id| key_of::<LoyaltyTier>(ctx, &path, id)).transpose()
    });
    named.collect()
}

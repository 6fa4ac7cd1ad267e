//! Memberships at the root of mutations.

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::{
    LoyaltyMembership,
    input::{LoyaltyEnrollInput, LoyaltyLeaveInput},
    operations,
};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{key_of, payload},
    loyalty::LoyaltyProgram,
    reactions::transact,
};

payload! {
    /// The membership of the customer, or why there is none.
    LoyaltyMembershipPayload {
        /// The membership. Null when the customer was not enrolled.
        loyalty_membership: LoyaltyMembership
    }
}

payload! {
    /// The customer who is not in the program now, or why they still are.
    LoyaltyLeavePayload {
        /// The customer. Null when nothing was changed for the reasons in `userErrors`.
        customer: Customer
    }
}

/// The mutations of memberships.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoyaltyMembershipMutation;

#[Object]
impl LoyaltyMembershipMutation {
    /// Enrols a customer in a program, at once on the tier that their spending reaches. A member stays as they are. A
    /// customer may be in several programs.
    async fn loyalty_enroll(
        &self,
        ctx: &Context<'_>,
        input: LoyaltyEnrollInput,
    ) -> Option<Outcome<LoyaltyMembershipPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let (customer, program) = places(ctx, &input.customer, input.program.as_ref())?;
            operations::enroll(&tx, customer, program).await
        })
        .await
    }

    /// Takes a customer out of a program. One who is no member stays as they are. Who left the default program is not
    /// enrolled again until `loyaltyEnroll` does so.
    ///
    /// The membership is deleted with its `history`; what happened in it stays in the events of the customer. Whoever
    /// joins again begins anew, on the tier that their spending reaches.
    async fn loyalty_leave(&self, ctx: &Context<'_>, input: LoyaltyLeaveInput) -> Option<Outcome<LoyaltyLeavePayload>> {
        transact(ctx, &input, |tx, input| async move {
            let (customer, program) = places(ctx, &input.customer, input.program.as_ref())?;
            operations::leave(&tx, customer, program).await
        })
        .await
    }
}

/// The customer and the program, if one is named.
fn places(ctx: &Context<'_>, customer: &ID, program: Option<&ID>) -> Outcome<(Uuid, Option<Uuid>)> {
    let customer = key_of::<Customer>(ctx, "input.customer", customer)?;
    let program = program.map(|program| key_of::<LoyaltyProgram>(ctx, "input.program", program)).transpose()?;
    Ok((customer, program))
}

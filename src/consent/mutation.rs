//! Consent at the root of mutations.

use async_graphql::{Context, Object};

use super::{Consent, input::ConsentRecordInput, operations};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{key_of, payload},
    reactions::transact,
};

payload! {
    /// The decision that was recorded, or why it was not.
    ConsentPayload {
        /// The decision. Null when it was not recorded.
        consent: Consent
    }
}

/// The mutations of consent.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConsentMutation;

#[Object]
impl ConsentMutation {
    /// Records what a customer decided about messages. `emailOptIn` and `smsOptIn` of the customer follow the latest
    /// decision about marketing. It is no edit of the customer, whose `version` stays; it is told as `CUSTOMER_UPDATED`
    /// with `consents`, and the opt-in if that changed, among the changed fields.
    async fn consent_record(&self, ctx: &Context<'_>, input: ConsentRecordInput) -> Option<Outcome<ConsentPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.customer", &input.customer)?;
            operations::record(&tx, customer, input).await
        })
        .await
    }
}

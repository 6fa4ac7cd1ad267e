//! Contact points at the root of mutations.

use async_graphql::{Context, Object};

use super::{
    ContactPoint,
    input::{ContactAddInput, ContactRemoveInput, ContactUpdateInput},
    operations,
};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{key_of, payload},
    reactions::transact,
};

payload! {
    /// The contact point that was written, or why it was not.
    ContactPayload {
        /// The contact point as it is now. Null when it was not written.
        contact: ContactPoint
    }
}

payload! {
    /// The contact point that was removed, or why it was not.
    ContactRemovePayload deletes ContactPoint
}

/// The mutations of contact points. They are no edits of the customer, whose `version` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContactPointMutation;

#[Object]
impl ContactPointMutation {
    /// Adds somebody to turn to at a customer. A contact point has a version of its own, and the customer's stays; it
    /// is told as `CUSTOMER_UPDATED` with `contacts` among the changed fields.
    async fn contact_add(&self, ctx: &Context<'_>, input: ContactAddInput) -> Option<Outcome<ContactPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.customer", &input.customer)?;
            operations::add(&tx, customer, &input.facts).await
        })
        .await
    }

    /// Changes a contact point. What is the same as before is no change; without any, nothing is written. The
    /// customer's version stays, and they are told of as by `contactAdd`.
    async fn contact_update(&self, ctx: &Context<'_>, input: ContactUpdateInput) -> Option<Outcome<ContactPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let contact = key_of::<ContactPoint>(ctx, "input.id", &input.id)?;
            operations::update(&tx, contact, &input.facts, input.expected_version).await
        })
        .await
    }

    /// Removes a contact point for good. The customer's version stays, and they are told of as by `contactAdd`.
    async fn contact_remove(
        &self,
        ctx: &Context<'_>,
        input: ContactRemoveInput,
    ) -> Option<Outcome<ContactRemovePayload>> {
        transact(ctx, &input, |tx, input| async move {
            let contact = key_of::<ContactPoint>(ctx, "input.id", &input.id)?;
            operations::remove(&tx, contact, input.expected_version).await
        })
        .await
    }
}

//! Addresses at the root of mutations.

use async_graphql::{Context, Object};

use super::{
    Address,
    input::{AddressAddInput, AddressRemoveInput, AddressUpdateInput},
    operations,
};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{key_of, payload},
    reactions::transact,
};

payload! {
    /// The address that was written, or why it was not.
    AddressPayload {
        /// The address as it is now. Null when it was not written.
        address: Address
    }
}

payload! {
    /// The address that was removed, or why it was not.
    AddressRemovePayload deletes Address
}

/// The mutations of addresses. They are no edits of the customer, whose `version` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct AddressMutation;

#[Object]
impl AddressMutation {
    /// Adds an address to a customer; the first is the default for bills and for goods. An address has a version of its
    /// own, and the customer's stays; it is told as `CUSTOMER_UPDATED` with `addresses` among the changed fields.
    async fn address_add(&self, ctx: &Context<'_>, input: AddressAddInput) -> Option<Outcome<AddressPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.customer", &input.customer)?;
            operations::add(&tx, customer, &input.facts).await
        })
        .await
    }

    /// Changes an address. What is the same as before is no change; without any, nothing is written. Another address
    /// that becomes or ceases to be a default thereby is not edited. The customer's version stays, and they are told of
    /// as by `addressAdd`.
    async fn address_update(&self, ctx: &Context<'_>, input: AddressUpdateInput) -> Option<Outcome<AddressPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let address = key_of::<Address>(ctx, "input.id", &input.id)?;
            operations::update(&tx, address, &input.facts, input.expected_version).await
        })
        .await
    }

    /// Removes an address for good; orders keep what they were addressed to. Where it was a default, the oldest that is
    /// left is the default then. The customer's version stays, and they are told of as by `addressAdd`.
    async fn address_remove(
        &self,
        ctx: &Context<'_>,
        input: AddressRemoveInput,
    ) -> Option<Outcome<AddressRemovePayload>> {
        transact(ctx, &input, |tx, input| async move {
            let address = key_of::<Address>(ctx, "input.id", &input.id)?;
            operations::remove(&tx, address, input.expected_version).await
        })
        .await
    }
}

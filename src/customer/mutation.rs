//! Customers at the root of mutations.

use async_graphql::{Context, Object};

use super::{
    Customer,
    input::{
        CustomerCreateInput, CustomerDeleteInput, CustomerRestoreInput, CustomerTagsAddInput, CustomerTagsRemoveInput,
        CustomerUpdateInput, CustomerUpsertInput,
    },
    operations,
};
use crate::{
    failure::Outcome,
    graphql::{key_of, payload},
    reactions::transact,
};

payload! {
    /// The customer who was written, or why they were not.
    CustomerPayload {
        /// The customer as they are now. Null when they were not written.
        customer: Customer
    }
}

payload! {
    /// The customer who was deleted, or why they were not.
    CustomerDeletePayload deletes Customer
}

/// The mutations of customers.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustomerMutation;

#[Object]
impl CustomerMutation {
    /// Enters a customer, who joins the default loyalty program and the segments whose rules hold for them.
    async fn customer_create(&self, ctx: &Context<'_>, input: CustomerCreateInput) -> Option<Outcome<CustomerPayload>> {
        transact(ctx, &input, |tx, input| async move { operations::create(&tx, &input.facts, "customerCreate").await })
            .await
    }

    /// Changes a customer. What is the same as before is no change; without any, nothing is written.
    async fn customer_update(&self, ctx: &Context<'_>, input: CustomerUpdateInput) -> Option<Outcome<CustomerPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.id", &input.id)?;
            operations::update(&tx, customer, &input.facts, input.expected_version).await
        })
        .await
    }

    /// Changes the customer who has this key, or enters them, so that there is one: also when several clients do so at
    /// the same time.
    async fn customer_upsert(&self, ctx: &Context<'_>, input: CustomerUpsertInput) -> Option<Outcome<CustomerPayload>> {
        transact(ctx, &input, |tx, input| async move { operations::upsert(&tx, &input.key, &input.facts).await }).await
    }

    /// Deletes a customer: they are found no longer and leave the segments that have a rule, and another may have their
    /// e-mail address. What hangs on them is kept, and `customerRestore` brings them back.
    async fn customer_delete(
        &self,
        ctx: &Context<'_>,
        input: CustomerDeleteInput,
    ) -> Option<Outcome<CustomerDeletePayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.id", &input.id)?;
            operations::delete(&tx, customer, input.expected_version).await
        })
        .await
    }

    /// Brings a deleted customer back, as they were; one who is not deleted stays as they are. It is refused as `TAKEN`
    /// while another customer has their e-mail address.
    async fn customer_restore(
        &self,
        ctx: &Context<'_>,
        input: CustomerRestoreInput,
    ) -> Option<Outcome<CustomerPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.id", &input.id)?;
            operations::restore(&tx, customer).await
        })
        .await
    }

    /// Adds tags to a customer. Those that are there already do not matter.
    async fn customer_tags_add(
        &self,
        ctx: &Context<'_>,
        input: CustomerTagsAddInput,
    ) -> Option<Outcome<CustomerPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.id", &input.id)?;
            operations::add_tags(&tx, customer, &input.tags, input.expected_version).await
        })
        .await
    }

    /// Takes tags from a customer.
    async fn customer_tags_remove(
        &self,
        ctx: &Context<'_>,
        input: CustomerTagsRemoveInput,
    ) -> Option<Outcome<CustomerPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let customer = key_of::<Customer>(ctx, "input.id", &input.id)?;
            operations::remove_tags(&tx, customer, &input.tags, input.expected_version).await
        })
        .await
    }
}

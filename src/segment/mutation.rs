//! Segments at the root of mutations.

use async_graphql::{Context, ID, MaybeUndefined, Object};
use uuid::Uuid;

use super::{
    Segment,
    editing::{self, Members},
    input::{
        SegmentCreateInput, SegmentDeleteInput, SegmentMembersAddInput, SegmentMembersRemoveInput, SegmentUpdateInput,
    },
};
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{self, key_of, payload},
    reactions::transact,
};

payload! {
    /// The segment that was written, or why it was not.
    SegmentPayload {
        /// The segment as it is now. Null when it was not written.
        segment: Segment
    }
}

payload! {
    /// The segment that was deleted, or why it was not.
    SegmentDeletePayload deletes Segment
}

/// The mutations of segments.
#[derive(Clone, Copy, Debug, Default)]
pub struct SegmentMutation;

#[Object]
impl SegmentMutation {
    /// Makes a segment. A static one has nobody in it; the members of a dynamic one are found at once when this is done,
    /// which `computedAt` tells.
    async fn segment_create(&self, ctx: &Context<'_>, input: SegmentCreateInput) -> Option<Outcome<SegmentPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let rule = input.filter.clone().map(|filter| graphql::rule(ctx, *filter)).transpose()?;
            editing::create(&tx, input, rule.map(|(rule, _)| rule)).await
        })
        .await
    }

    /// Edits a segment. What is not said stays as it is; an edit that changes nothing leaves its version alone.
    async fn segment_update(&self, ctx: &Context<'_>, input: SegmentUpdateInput) -> Option<Outcome<SegmentPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let rule = match input.filter.clone() {
                MaybeUndefined::Value(filter) => MaybeUndefined::Value(graphql::rule(ctx, *filter)?.0),
                MaybeUndefined::Null => MaybeUndefined::Null,
                MaybeUndefined::Undefined => MaybeUndefined::Undefined,
            };
            editing::update(&tx, key_of::<Segment>(ctx, "input.id", &input.id)?, input, rule).await
        })
        .await
    }

    /// Deletes a segment: it is gone at once, and its members leave it right after this is done, which events tell.
    /// Neither a built-in one can be deleted, nor one that the rule of another is about.
    async fn segment_delete(
        &self,
        ctx: &Context<'_>,
        input: SegmentDeleteInput,
    ) -> Option<Outcome<SegmentDeletePayload>> {
        transact(ctx, &input, |tx, input| async move {
            editing::delete(&tx, key_of::<Segment>(ctx, "input.id", &input.id)?, input.expected_version).await
        })
        .await
    }

    /// Puts customers into a static segment. Those who are in it already stay as they are.
    async fn segment_members_add(
        &self,
        ctx: &Context<'_>,
        input: SegmentMembersAddInput,
    ) -> Option<Outcome<SegmentPayload>> {
        transact(ctx, &input, |tx, input| async move {
            editing::add_members(&tx, &members(ctx, &input.segment, &input.customers)?).await
        })
        .await
    }

    /// Takes customers out of a static segment. Those who are not in it stay as they are.
    async fn segment_members_remove(
        &self,
        ctx: &Context<'_>,
        input: SegmentMembersRemoveInput,
    ) -> Option<Outcome<SegmentPayload>> {
        transact(ctx, &input, |tx, input| async move {
            editing::remove_members(&tx, &members(ctx, &input.segment, &input.customers)?).await
        })
        .await
    }
}

fn members(ctx: &Context<'_>, segment: &ID, customers: &[ID]) -> Outcome<Members> {
    let segment = key_of::<Segment>(ctx, "input.segment", segment)?;
    let customers = customers.iter().enumerate();
    let customers: Outcome<Vec<Uuid>> = customers
        .map(|(index, customer)| key_of::<Customer>(ctx, &format!("input.customers.{index}"), customer))
        .collect();
    Ok(Members { segment, customers: customers? })
}

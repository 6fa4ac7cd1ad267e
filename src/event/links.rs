//! What an event leads to.

use async_graphql::Context;
use derive::resource;

use super::CustomerEvent;
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql,
    loyalty::{LoyaltyProgram, LoyaltyTier},
    order::Order,
    refund::Refund,
    segment::Segment,
};

#[resource]
impl CustomerEvent {
    /// The customer it happened to, as they are now. Null once they are deleted. `$.Customer.lived.CustomerEvent`
    #[iri("customers:ofCustomer")]
    #[states("customers", self.customer_id)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::follow(ctx, &self.siblings, "customer_id", Some(self.customer_id)).await.transpose()
    }

    /// The order it is about, as it is now. Null if it is about none. `$.CustomerEvent.concerns.Order`
    #[iri("customers:ofOrder")]
    #[states("orders", self.order_id)]
    async fn order(&self, ctx: &Context<'_>) -> Option<Outcome<Order>> {
        graphql::follow(ctx, &self.siblings, "order_id", self.order_id).await.transpose()
    }

    /// The refund it is about. Null if it is about none. `$.CustomerEvent.concerns.Refund`
    #[iri("customers:ofRefund")]
    #[states("refunds", self.refund_id)]
    async fn refund(&self, ctx: &Context<'_>) -> Option<Outcome<Refund>> {
        graphql::follow(ctx, &self.siblings, "refund_id", self.refund_id).await.transpose()
    }

    /// The segment that was entered or left. Null if none was, or it is gone. `$.CustomerEvent.concerns.Segment`
    #[iri("customers:ofSegment")]
    #[states("segments", self.segment_id)]
    async fn segment(&self, ctx: &Context<'_>) -> Option<Outcome<Segment>> {
        graphql::follow(ctx, &self.siblings, "segment_id", self.segment_id).await.transpose()
    }

    /// The loyalty program it is about. Null if it is about none. `$.CustomerEvent.concerns.LoyaltyProgram`
    #[iri("customers:ofProgram")]
    #[states("loyalty-programs", self.program_id)]
    async fn loyalty_program(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyProgram>> {
        graphql::follow(ctx, &self.siblings, "program_id", self.program_id).await.transpose()
    }

    /// The loyalty tier that the customer came to. Null if they came to none. `$.CustomerEvent.concerns.LoyaltyTier`
    #[iri("customers:ofTier")]
    #[states("loyalty-tiers", self.tier_id)]
    async fn loyalty_tier(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyTier>> {
        graphql::follow(ctx, &self.siblings, "tier_id", self.tier_id).await.transpose()
    }
}

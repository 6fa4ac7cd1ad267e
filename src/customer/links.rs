//! What a customer leads to.

use async_graphql::Context;
use derive::resource;
use entity::{address::Column as AddressColumn, loyalty_membership, segment_membership};
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden};

use super::Customer;
use crate::{
    address::Address,
    communication::Communication,
    consent::Consent,
    contact_point::ContactPoint,
    event::CustomerEvent,
    failure::Outcome,
    graphql::{self, Connection, Pages},
    loyalty::{self, LoyaltyMembership, LoyaltyTier},
    order::Order,
    refund::Refund,
    rfm::RfmScore,
    segment::Segment,
    store::Join,
};

#[resource]
impl Customer {
    /// The address that orders go to unless they say otherwise. Null if there is none. `$.Customer.has.Address`
    #[iri("schema:address")]
    async fn address(&self, ctx: &Context<'_>) -> Option<Outcome<Address>> {
        let condition = || Expr::col((entity::address::Entity, AddressColumn::IsDefaultShipping)).eq(true);
        let join = Join::Column(|| AddressColumn::CustomerId.into_iden());
        graphql::first(ctx, (&self.siblings, self.key), join, condition).await.transpose()
    }

    /// Their scores by recency, frequency and monetary value, as of the last run. Null before their first purchase and
    /// the run that follows it. `$.Customer.has.RfmScore`
    #[iri("^customers:scoreOf")]
    async fn rfm(&self, ctx: &Context<'_>) -> Option<Outcome<RfmScore>> {
        graphql::twin(ctx, &self.siblings, self.key).await.transpose()
    }

    /// All addresses, the oldest first unless another order is asked for. `$.Customer.has.Address`
    #[iri("schema:address")]
    #[pages]
    async fn addresses(&self, ctx: &Context<'_>, pages: Pages<Address>) -> Option<Outcome<Connection<Address>>> {
        let join = Join::Column(|| AddressColumn::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// Orders placed, cancelled ones included, the latest first unless another order is asked for. `$.Customer.placed.Order`
    #[iri("^schema:customer")]
    #[pages]
    async fn orders(&self, ctx: &Context<'_>, pages: Pages<Order>) -> Option<Outcome<Connection<Order>>> {
        let join = Join::Column(|| entity::order::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// Money returned to them, the latest first unless another order is asked for. `$.Customer.received.Refund`
    #[iri("^customers:refundedTo")]
    #[pages]
    async fn refunds(&self, ctx: &Context<'_>, pages: Pages<Refund>) -> Option<Outcome<Connection<Refund>>> {
        let join = Join::Column(|| entity::refund::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// The people and desks to turn to, the first entered first unless another order is asked for.
    /// `$.Customer.has.ContactPoint`
    #[iri("schema:contactPoint")]
    #[pages]
    async fn contacts(
        &self,
        ctx: &Context<'_>,
        pages: Pages<ContactPoint>,
    ) -> Option<Outcome<Connection<ContactPoint>>> {
        let join = Join::Column(|| entity::contact_point::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// The segments they are in, by name unless another order is asked for. `$.Customer.belongs.to.Segment`
    #[iri("customers:belongsTo")]
    #[pages]
    async fn segments(&self, ctx: &Context<'_>, pages: Pages<Segment>) -> Option<Outcome<Connection<Segment>>> {
        let join = Join::Through {
            table: || segment_membership::Entity.into_iden(),
            from: || segment_membership::Column::CustomerId.into_iden(),
            to: || segment_membership::Column::SegmentId.into_iden(),
        };
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// The tier they hold in the default loyalty program. Null if they are not enrolled in it.
    /// `$.Customer.holds.LoyaltyTier`
    #[iri("customers:loyaltyTier")]
    async fn loyalty_tier(&self, ctx: &Context<'_>) -> Option<Outcome<LoyaltyTier>> {
        let join = Join::Through {
            table: || loyalty_membership::Entity.into_iden(),
            from: || loyalty_membership::Column::CustomerId.into_iden(),
            to: || loyalty_membership::Column::TierId.into_iden(),
        };
        let condition = loyalty::is_of_default_program;
        graphql::first(ctx, (&self.siblings, self.key), join, condition).await.transpose()
    }

    /// The loyalty programs they are in, the latest joined first unless another order is asked for.
    /// `$.Customer.enrolled.in.LoyaltyProgram`
    #[iri("^schema:member")]
    #[pages]
    async fn loyalty_memberships(
        &self,
        ctx: &Context<'_>,
        pages: Pages<LoyaltyMembership>,
    ) -> Option<Outcome<Connection<LoyaltyMembership>>> {
        let join = Join::Column(|| loyalty_membership::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// Messages to them, sent or not, the latest first unless another order is asked for.
    /// `$.Customer.received.Communication`
    #[iri("^schema:recipient")]
    #[pages]
    async fn communications(
        &self,
        ctx: &Context<'_>,
        pages: Pages<Communication>,
    ) -> Option<Outcome<Connection<Communication>>> {
        let join = Join::Column(|| entity::communication::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// What they decided about messages, the latest first unless another order is asked for. `$.Customer.gave.Consent`
    #[iri("^customers:consentOf")]
    #[pages]
    async fn consents(&self, ctx: &Context<'_>, pages: Pages<Consent>) -> Option<Outcome<Connection<Consent>>> {
        let join = Join::Column(|| entity::consent::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// What happened to them, to their orders and to their places in segments, the latest first unless another order
    /// is asked for. `$.Customer.lived.CustomerEvent`
    #[iri("^customers:ofCustomer")]
    #[pages]
    async fn events(
        &self,
        ctx: &Context<'_>,
        pages: Pages<CustomerEvent>,
    ) -> Option<Outcome<Connection<CustomerEvent>>> {
        let join = Join::Column(|| entity::event::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

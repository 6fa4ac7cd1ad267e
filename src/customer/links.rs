//! What a customer leads to.

use std::sync::Arc;

use async_graphql::Context;
use derive::resource;
use entity::{address::Column as AddressColumn, loyalty_membership, segment_membership};
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden};

use super::{Customer, CustomerMetrics, history::Past};
use crate::{
    address::Address,
    app::App,
    communication::Communication,
    consent::Consent,
    contact_point::ContactPoint,
    event::CustomerEvent,
    failure::Outcome,
    graphql::{self, Connection, Pages, past_instant},
    instant::Instant,
    lifetime_value::{predictions, weeks_ahead},
    loyalty::{self, LoyaltyMembership, LoyaltyTier},
    money::Money,
    order::Order,
    refund::Refund,
    rfm::RfmScore,
    segment::Segment,
    store::{Database, Join, Reading},
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

    /// Orders placed, cancelled ones included, the latest first unless another order is asked for.
    /// `$.Customer.placed.Order`
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

    /// The probability that they have not left for good, from 0 to 1, by the purchase model of the latest of
    /// `lifetimeValueRuns` that is not historical. 1 by construction for who has bought on one day only, so that it
    /// says nothing of them. Null before the first purchase, if there is no run, or if it has no fit. While the job
    /// `ltv` runs, and after one that was stopped until the next is done, some customers have what the new run predicts,
    /// and others still what the former one did; all that is told of a customer is of one of them. `churnRisk` goes by a rule instead.
    #[iri("customers:pAlive")]
    #[figure]
    async fn p_alive(&self, ctx: &Context<'_>) -> Option<Outcome<f64>> {
        let prediction = predictions::of(database(ctx), &self.siblings, self.key).await.transpose()?;
        Some(prediction.map(|prediction| prediction.p_alive))
    }

    /// On how many days they are expected to buy in so many weeks from the instant of the run on, which `pAlive` names.
    /// Null like `pAlive`.
    #[iri("customers:expectedPurchases")]
    #[figure]
    async fn expected_purchases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many weeks: from 0 to 520, parts of a week included.")] weeks: f64,
    ) -> Option<Outcome<f64>> {
        let weeks = match weeks_ahead(weeks) {
            Ok(weeks) => weeks,
            Err(failure) => return Some(Err(failure)),
        };
        let prediction = predictions::of(database(ctx), &self.siblings, self.key).await.transpose()?;
        Some(prediction.map(|prediction| predictions::expected_purchases(&prediction, weeks)))
    }

    /// What they are expected to spend on a day on which they buy, in the store's currency, rounded half up. Null like
    /// `pAlive`, and if the run tells no amounts.
    #[iri("customers:expectedAverageValue")]
    #[figure]
    async fn expected_average_value(&self, ctx: &Context<'_>) -> Option<Outcome<Money>> {
        let prediction = predictions::of(database(ctx), &self.siblings, self.key).await.transpose()?;
        prediction.map(|prediction| money(ctx, prediction.expected_average_value)).transpose()
    }

    /// What they are expected to spend in the 12 months after the run, each month's spending discounted from its end by
    /// the run's `monthlyDiscount`, in the store's currency, rounded half up. Not a part of `lifetimeValue`. Null like
    /// `expectedAverageValue`.
    #[iri("customers:predictedLifetimeValue")]
    #[figure]
    async fn predicted_lifetime_value(&self, ctx: &Context<'_>) -> Option<Outcome<Money>> {
        let prediction = predictions::of(database(ctx), &self.siblings, self.key).await.transpose()?;
        prediction.map(|prediction| money(ctx, prediction.predicted_lifetime_value)).transpose()
    }

    /// The figures of the customer at a past instant, from the orders and refunds of then; at the moment of reading if
    /// none is given. Null before the customer joined. An instant to come is refused.
    #[view]
    async fn metrics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The instant, not after the moment of reading.")] as_of: Option<Instant>,
    ) -> Option<Outcome<CustomerMetrics>> {
        let reading = ctx.data_unchecked::<Reading>();
        let as_of = match past_instant("asOf", as_of, reading.now) {
            Ok(as_of) => as_of,
            Err(failure) => return Some(Err(failure)),
        };
        let past = self.siblings.share(graphql::place(ctx), || async {
            Ok(Arc::new(Past::read(database(ctx), as_of, &self.siblings.keys(), reading).await?))
        });
        let past: Outcome<Arc<Past>> = past.await;
        past.map(|past| CustomerMetrics::of(&past, self.key)).transpose()
    }
}

fn database<'a>(ctx: &'a Context<'_>) -> &'a Database {
    &ctx.data_unchecked::<App>().database
}

/// An amount in the store's currency.
fn money(ctx: &Context<'_>, units: Option<i64>) -> Option<Money> {
    units.map(|units| Money::new(units, ctx.data_unchecked::<App>().currency))
}

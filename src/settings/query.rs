//! The store at the root of queries.

use async_graphql::{ComplexObject, Context, Object, SimpleObject};

use crate::{
    app::App,
    communication::{self, settings::CommunicationSettings},
    failure::Outcome,
    instant::Instant,
    store::Reading,
};

/// What holds for the whole store.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Store {
    /// Currency of all amounts that name no other: a code of ISO 4217.
    currency: &'static str,
    /// The part of what customers spent, less refunds, that is their `lifetimeValue`: above 0 and up to 1.
    margin_factor: f64,
    /// What money is taken to lose in value in a month, in values that are predicted from now on: 0.01 is one percent.
    monthly_discount: f64,
    /// Where the IRIs of nodes begin.
    base_url: String,
    /// Version of the server.
    version: &'static str,
    /// The instant at which the figures of this answer are true.
    now: Instant,
}

#[ComplexObject]
impl Store {
    /// What the store settles about messages to customers.
    async fn communication_settings(&self, ctx: &Context<'_>) -> Option<Outcome<CommunicationSettings>> {
        Some(communication::settings::settings(ctx).await)
    }
}

/// The root fields about the store.
#[derive(Clone, Copy, Debug, Default)]
pub struct StoreQuery;

#[Object]
impl StoreQuery {
    /// What holds for the whole store: its currency, how it tells what customers are worth, its base, and the version of the
    /// server.
    async fn store(&self, ctx: &Context<'_>) -> Store {
        let (app, reading) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Reading>());
        Store {
            currency: app.currency.code(),
            margin_factor: app.valuation.margin.factor(),
            monthly_discount: app.valuation.monthly_discount,
            base_url: app.base.as_str().to_owned(),
            version: env!("CARGO_PKG_VERSION"),
            now: Instant(reading.now),
        }
    }
}

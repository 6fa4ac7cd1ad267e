//! Analytics at the root of queries.

use async_graphql::{Context, Object};

use super::{Analytics, Population, Timeframe};
use crate::{
    app::App,
    customer::CustomerWhere,
    failure::Outcome,
    graphql::{self, past_instant},
    instant::Instant,
    store::Reading,
};

/// The root fields about analytics.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnalyticsQuery;

#[Object]
impl AnalyticsQuery {
    /// What customers come to: their number, worth and habits, over time and by cohort. At a past instant everything is
    /// told from what had happened by then. Source: domain description, "Analytics".
    async fn analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How far back new and active customers, top customers and countries look.")]
        timeframe: Timeframe,
        #[graphql(desc = "The instant, not after the moment of reading, which it is if none is given.")] as_of: Option<
            Instant,
        >,
        #[graphql(name = "where", desc = "Only customers who fulfil this now, whatever they were at `asOf`.")]
        filter: Option<CustomerWhere>,
    ) -> Option<Outcome<Analytics>> {
        let reading = ctx.data_unchecked::<Reading>();
        let ask = || {
            let at = past_instant("asOf", as_of, reading.now)?;
            let condition = graphql::condition(ctx, filter)?;
            let database = &ctx.data_unchecked::<App>().database;
            let population = Population::new(database, Reading { now: at, ..*reading }, as_of.is_some(), condition);
            Ok(Analytics::new(population, timeframe))
        };
        Some(ask())
    }
}

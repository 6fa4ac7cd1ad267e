//! Analytics as GraphQL shows them.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use tokio::sync::OnceCell;

use super::{
    CalendarInterval, Population, Timeframe,
    breakdown::{self, CountryRevenue, CustomerRevenue, MOST_ROWS},
    cohort::{self, Cohort, MOST_COHORTS},
    headline::Headline,
    series::{self, MOST_INTERVALS, SeriesPoint, Shown},
    tiers,
};
use crate::{
    app::App,
    customer::{Customer, SpendSegment},
    failure::{Failure, Outcome},
    graphql::{narrowed, selects},
    instant::Instant,
    loyalty::LoyaltyTier,
    money::Money,
    store::{self, Database},
};

/// What customers come to at an instant. Amounts are in the store's currency.
#[derive(Clone, Debug)]
pub struct Analytics {
    population: Arc<Population>,
    timeframe: Timeframe,
    /// Read once, by the first of its fields.
    headline: Arc<OnceCell<Outcome<Headline>>>,
}

/// How many customers are in a segment by spending.
#[derive(Clone, Debug, SimpleObject)]
pub struct SegmentCount {
    /// The segment.
    segment: SpendSegment,
    /// How many customers are in it.
    count: i64,
}

/// How many customers hold a loyalty tier.
#[derive(Clone, Debug, SimpleObject)]
pub struct TierCount {
    /// The tier.
    tier: LoyaltyTier,
    /// How many customers hold it.
    count: i64,
}

impl Analytics {
    /// Of a population, looking back so far.
    #[must_use]
    pub fn new(population: Population, timeframe: Timeframe) -> Self {
        Self { population: Arc::new(population), timeframe, headline: Arc::default() }
    }

    async fn headline(&self, ctx: &Context<'_>) -> Outcome<Headline> {
        let since = self.timeframe.start(self.population.reading.now);
        let read = || Headline::read(database(ctx), &self.population, since);
        self.headline.get_or_init(read).await.clone()
    }
}

/// What customers come to at an instant, told from what had happened by then. Amounts are in the store's currency. The
/// headline figures are read together, in one statement; each other field takes one of its own when it is selected,
/// and the nodes that it shows another.
#[Object]
impl Analytics {
    /// The instant as of which everything is told.
    async fn as_of(&self) -> Instant {
        Instant(self.population.reading.now)
    }

    /// Where the timeframe begins: 1, 7, 30 or 365 days of 86,400 seconds before `asOf`. Both ends are included.
    async fn since(&self) -> Instant {
        Instant(self.timeframe.start(self.population.reading.now))
    }

    /// Customers who had joined.
    async fn total_customers(&self, ctx: &Context<'_>) -> Outcome<i64> {
        Ok(self.headline(ctx).await?.customers)
    }

    /// Customers who joined in the timeframe.
    async fn new_customers(&self, ctx: &Context<'_>) -> Outcome<i64> {
        Ok(self.headline(ctx).await?.new)
    }

    /// Customers who last bought in the timeframe.
    async fn active_customers(&self, ctx: &Context<'_>) -> Outcome<i64> {
        Ok(self.headline(ctx).await?.active)
    }

    /// Customers whose churn risk is High.
    async fn churned_customers(&self, ctx: &Context<'_>) -> Outcome<i64> {
        Ok(self.headline(ctx).await?.churned)
    }

    /// Mean of what customers have been worth so far (`lifetimeValue`), rounded once, half up. 0 without customers.
    #[graphql(name = "averageLTV")]
    async fn average_ltv(&self, ctx: &Context<'_>) -> Outcome<Money> {
        let headline = self.headline(ctx).await?;
        Ok(self.population.reading.margin.mean(headline.spent, headline.customers))
    }

    /// Net revenue of a purchase: all that customers spent, less refunds, per delivered order, rounded half up. 0
    /// without purchases. Departs from the domain description's mean of the customers' means, in which a single
    /// purchase weighs as much as a hundred.
    async fn average_order_value(&self, ctx: &Context<'_>) -> Outcome<Money> {
        let headline = self.headline(ctx).await?;
        Ok(headline.spent.mean(headline.purchases))
    }

    /// Customers with more than one order, of those with one or more, in percent. 0 without orders.
    async fn repeat_purchase_rate(&self, ctx: &Context<'_>) -> Outcome<f64> {
        Ok(self.headline(ctx).await?.repeat_purchase_rate())
    }

    /// Customers by their segment by spending, the highest first; segments without any are left out.
    async fn customers_by_segment(&self, ctx: &Context<'_>) -> Outcome<Vec<SegmentCount>> {
        let segments = self.headline(ctx).await?.segments.into_iter();
        let told = segments.filter(|(_, count)| *count > 0).map(|(segment, count)| SegmentCount { segment, count });
        Ok(told.collect())
    }

    /// Customers by the tier that they hold in the default loyalty program, the lowest first; tiers that nobody holds
    /// are left out. At a past instant it is the tier that today's thresholds give to what was spent by then, of
    /// today's members who had joined the program; null there if the program counts the spending of a period.
    async fn customers_by_tier(&self, ctx: &Context<'_>) -> Option<Outcome<Vec<TierCount>>> {
        let read = async {
            let Some(counts) = tiers::by_tier(database(ctx), &self.population).await? else { return Ok(None) };
            let keys = counts.iter().map(|(key, _)| *key).collect();
            let reading = narrowed::<LoyaltyTier>(ctx, &[&["tier"]]);
            let mut tiers = store::rows_by_key::<LoyaltyTier>(database(ctx), &reading, keys).await?;
            let told =
                counts.into_iter().filter_map(|(key, count)| Some(TierCount { tier: tiers.remove(&key)?, count }));
            Ok(Some(told.collect()))
        };
        let told: Outcome<Option<Vec<TierCount>>> = read.await;
        told.transpose()
    }

    /// Figures of the last intervals of the calendar, in UTC, the oldest first; the last is the one that holds `asOf`.
    /// Each figure that is selected takes a statement.
    async fn series(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Days, weeks or months.")] interval: CalendarInterval,
        #[graphql(desc = "How many of them: at most 366.", default = 30)] last: i32,
    ) -> Option<Outcome<Vec<SeriesPoint>>> {
        let shown = Shown {
            new_customers: selects(ctx, &["newCustomers"]),
            orders: selects(ctx, &["orders"]),
            revenue: selects(ctx, &["revenue"]),
            active_customers: selects(ctx, &["activeCustomers"]),
            churned_customers: selects(ctx, &["churnedCustomers"]),
        };
        Some(match size("last", last, MOST_INTERVALS) {
            Ok(count) => series::series(database(ctx), &self.population, interval, count, shown).await,
            Err(failure) => Err(failure),
        })
    }

    /// Customers by the month of the calendar, in UTC, in which they first bought, and how many of them bought in each
    /// month from then on, up to that of `asOf`; the oldest first. Months in which nobody first bought are left out.
    async fn cohorts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of how many months, that of `asOf` included: at most 60.", default = 12)] last: i32,
    ) -> Option<Outcome<Vec<Cohort>>> {
        Some(match size("last", last, MOST_COHORTS) {
            Ok(count) => cohort::cohorts(database(ctx), &self.population, count).await,
            Err(failure) => Err(failure),
        })
    }

    /// The customers who spent most in the timeframe, the most first. Whoever neither bought nor got money back in it
    /// is left out, and so is who has been deleted since.
    async fn top_customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: at most 250.", default = 10)] first: i32,
    ) -> Option<Outcome<Vec<CustomerRevenue>>> {
        let reading = narrowed::<Customer>(ctx, &[&["customer"]]);
        let since = self.timeframe.start(self.population.reading.now);
        Some(match size("first", first, MOST_ROWS) {
            Ok(count) => breakdown::top_customers(database(ctx), &self.population, since, count, &reading).await,
            Err(failure) => Err(failure),
        })
    }

    /// What was spent in the timeframe by the country of the customers' default address, the most first.
    async fn revenue_by_country(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many countries: at most 250.", default = 50)] first: i32,
    ) -> Option<Outcome<Vec<CountryRevenue>>> {
        let since = self.timeframe.start(self.population.reading.now);
        Some(match size("first", first, MOST_ROWS) {
            Ok(count) => breakdown::revenue_by_country(database(ctx), &self.population, since, count).await,
            Err(failure) => Err(failure),
        })
    }
}

fn database<'a>(ctx: &'a Context<'_>) -> &'a Database {
    &ctx.data_unchecked::<App>().database
}

fn size(argument: &str, size: i32, most: i32) -> Outcome<u32> {
    u32::try_from(size)
        .ok()
        .filter(|_| size <= most)
        .ok_or_else(|| Failure::malformed(format!("{argument}: expected a number from 0 to {most}, not {size}")))
}

//! The figures of a customer at an instant, as GraphQL shows them.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{ComplexObject, Context, SimpleObject};
use chrono::{DateTime, Utc};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::{
    Engagement, SpendSegment,
    metrics::{self, Figures},
    spend::average_order_value,
};
use crate::{
    app::App,
    churn::{ChurnRisk, Habits},
    failure::Outcome,
    graphql::selects,
    instant::{DAY, Instant},
    lifetime_value::{predictions, weeks_ahead},
    money::{Currency, Money},
    rfm::{PastRun, RfmScores},
    store::{Database, Reading},
    valuation::Margin,
};

/// What is told of several customers at an instant, read once for all of them.
#[derive(Debug)]
pub struct Past {
    as_of: DateTime<Utc>,
    currency: Currency,
    margin: Margin,
    figures: HashMap<Uuid, Figures>,
    scoring: OnceCell<Outcome<Option<PastRun>>>,
    predictions: OnceCell<Outcome<Option<Arc<predictions::Past>>>>,
}

impl Past {
    /// Of `customers` at `as_of`, for whoever reads by `reading`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn read(
        database: &Database,
        as_of: DateTime<Utc>,
        customers: &[Uuid],
        reading: &Reading,
    ) -> anyhow::Result<Self> {
        let figures = metrics::at(database.reader(), as_of, customers).await?;
        let Reading { currency, margin, .. } = *reading;
        Ok(Self { as_of, currency, margin, figures, scoring: OnceCell::new(), predictions: OnceCell::new() })
    }

    async fn predictions(&self, ctx: &Context<'_>) -> Outcome<Option<Arc<predictions::Past>>> {
        let read = || async {
            let customers: Vec<Uuid> = self.figures.keys().copied().collect();
            let db = ctx.data_unchecked::<App>().database.reader();
            let past = predictions::Past::read(db, self.as_of, &customers, self.currency).await?;
            Ok(past.map(Arc::new))
        };
        self.predictions.get_or_init(read).await.clone()
    }
}

/// The figures of a customer at an instant, from what their orders and refunds were then. What came later,
/// cancellations included, does not exist yet. Amounts are in the store's currency. Scores and what the purchase model
/// tells need a run about exactly that instant, the `asOf` of one of `rfmRuns` or `lifetimeValueRuns`: they are of the
/// last of those that have it, and null where there is none.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct CustomerMetrics {
    #[graphql(skip)]
    customer: Uuid,
    #[graphql(skip)]
    past: Arc<Past>,
    #[graphql(skip)]
    figures: Figures,
    /// The instant.
    as_of: Instant,
    /// Number of orders placed and not cancelled.
    total_orders: i64,
    /// Number of orders delivered: the customer's purchases.
    delivered_orders: i64,
    /// Sum of delivered order totals less refunds. Zero before the first delivery; negative when more was returned than
    /// bought.
    total_spent: Money,
    /// `totalSpent` per delivered order, rounded to the minor unit. Zero before the first delivery.
    average_order_value: Money,
    /// What the customer had been worth: the part of `totalSpent` that is the store's `marginFactor`, rounded half up.
    lifetime_value: Money,
    /// When the first order was placed that was not cancelled. Null before it.
    first_order_date: Option<Instant>,
    /// When the last order was placed that was not cancelled. Null before the first.
    last_order_date: Option<Instant>,
    /// When the last purchase was delivered. Null before the first.
    last_purchase_date: Option<Instant>,
    /// Segment by spending.
    customer_segment: SpendSegment,
    /// How recently the customer had bought. Null before the first purchase.
    engagement: Option<Engagement>,
    /// How likely the customer was to leave.
    churn_risk: ChurnRisk,
}

impl CustomerMetrics {
    /// What follows from the figures of `customer`. None before they joined.
    #[must_use]
    pub fn of(past: &Arc<Past>, customer: Uuid) -> Option<Self> {
        let (as_of, currency) = (past.as_of, past.currency);
        let figures = past.figures.get(&customer).copied()?;
        let total_spent = Money::new(figures.total_spent, currency);
        let habits = Habits {
            last_purchase: figures.last_purchase_date,
            since: figures.customer_since,
            orders: figures.total_orders,
            first_order: figures.first_order_date,
            last_order: figures.last_order_date,
        };
        Some(Self {
            customer,
            past: Arc::clone(past),
            figures,
            as_of: Instant(as_of),
            total_orders: figures.total_orders,
            delivered_orders: figures.delivered_orders,
            total_spent,
            average_order_value: average_order_value(total_spent, figures.delivered_orders),
            lifetime_value: past.margin.of(total_spent),
            first_order_date: figures.first_order_date,
            last_order_date: figures.last_order_date,
            last_purchase_date: figures.last_purchase_date,
            customer_segment: SpendSegment::of(total_spent),
            engagement: Engagement::of(figures.last_purchase_date, as_of),
            churn_risk: habits.risk(as_of),
        })
    }

    /// What the purchase model tells of the customer.
    async fn predicted<T>(
        &self,
        ctx: &Context<'_>,
        told: impl FnOnce(&predictions::Past) -> Option<T>,
    ) -> Option<Outcome<T>> {
        self.past.predictions(ctx).await.map(|past| past.and_then(|past| told(&past))).transpose()
    }

    async fn predicted_amount(
        &self,
        ctx: &Context<'_>,
        told: impl FnOnce(&entity::lifetime_value_prediction::Model) -> Option<i64>,
    ) -> Option<Outcome<Money>> {
        let units = self.predicted(ctx, |past| told(past.of(self.customer)?)).await?;
        Some(units.map(|units| Money::new(units, self.past.currency)))
    }
}

#[ComplexObject]
impl CustomerMetrics {
    /// Scores by recency, frequency and monetary value, by the cut points of the run about that instant. Null before
    /// the first purchase.
    async fn rfm(&self, ctx: &Context<'_>) -> Option<Outcome<RfmScores>> {
        let last_purchase = self.figures.last_purchase_date?;
        let database = &ctx.data_unchecked::<App>().database;
        let run = match self.past.scoring.get_or_init(|| PastRun::find(database, self.past.as_of)).await {
            Ok(run) => run.as_ref()?,
            Err(failure) => return Some(Err(failure.clone())),
        };
        let node = if selects(ctx, &["run"]) {
            match run.node(database, ctx.data_unchecked::<Reading>()).await {
                Ok(node) => node,
                Err(failure) => return Some(Err(failure)),
            }
        } else {
            None
        };
        let idle = (self.past.as_of - last_purchase.0).num_milliseconds().max(0) / DAY;
        Some(Ok(run.scores(idle, self.figures.delivered_orders, self.figures.total_spent, node)))
    }

    /// The probability that they had not left for good, from 0 to 1, by the purchase model as it was fitted then. 1 by
    /// construction for who had bought on one day only. Null before the first purchase, or if the run has no fit.
    async fn p_alive(&self, ctx: &Context<'_>) -> Option<Outcome<f64>> {
        self.predicted(ctx, |past| past.of(self.customer).map(|row| row.p_alive)).await
    }

    /// On how many days they were expected to buy in so many weeks from then on. Null like `pAlive`.
    async fn expected_purchases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many weeks: from 0 to 520, parts of a week included.")] weeks: f64,
    ) -> Option<Outcome<f64>> {
        match weeks_ahead(weeks) {
            Ok(weeks) => {
                let told =
                    |past: &predictions::Past| Some(predictions::expected_purchases(past.of(self.customer)?, weeks));
                self.predicted(ctx, told).await
            }
            Err(failure) => Some(Err(failure)),
        }
    }

    /// What they were expected to spend on a day on which they buy, rounded half up. Null like `pAlive`, and if the run
    /// tells no amounts.
    async fn expected_average_value(&self, ctx: &Context<'_>) -> Option<Outcome<Money>> {
        self.predicted_amount(ctx, |row| row.expected_average_value).await
    }

    /// What they were expected to spend in the next 12 months, discounted month by month, rounded half up. Null like
    /// `expectedAverageValue`.
    async fn predicted_lifetime_value(&self, ctx: &Context<'_>) -> Option<Outcome<Money>> {
        self.predicted_amount(ctx, |row| row.predicted_lifetime_value).await
    }
}

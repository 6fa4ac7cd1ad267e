//! What a rule comes to before it is that of a segment.

use async_graphql::{Context, Object};
use sea_orm::sea_query::Expr;

use crate::{
    app::App,
    customer::{Customer, CustomerOrderBy},
    failure::{Failure, Outcome},
    graphql,
    store::{self, Window},
};

/// How many customers a sample has when nothing is said.
pub const DEFAULT_SAMPLE: i32 = 10;
/// How many customers a sample has at most.
pub const LARGEST_SAMPLE: i32 = 50;

/// Whom a rule holds for.
#[derive(Clone, Debug)]
pub struct SegmentPreview {
    /// The rule, as a condition on customers.
    pub condition: Option<Expr>,
}

/// Whom a rule holds for.
#[Object]
impl SegmentPreview {
    /// How many customers it holds for.
    async fn count(&self, ctx: &Context<'_>) -> Option<Outcome<i64>> {
        let database = &ctx.data_unchecked::<App>().database;
        Some(store::count::<Customer>(database, self.condition.clone()).await)
    }

    /// Some of the customers whom it holds for, the newest first.
    async fn sample(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many: at most 50.", default_with = "DEFAULT_SAMPLE")] first: i32,
    ) -> Option<Outcome<Vec<Customer>>> {
        Some(self.some(ctx, first).await)
    }
}

impl SegmentPreview {
    async fn some(&self, ctx: &Context<'_>, first: i32) -> Outcome<Vec<Customer>> {
        let limit = u64::try_from(first).ok().filter(|_| first <= LARGEST_SAMPLE).ok_or_else(|| {
            Failure::malformed(format!("first: expected a number from 0 to {LARGEST_SAMPLE}, not {first}"))
        })?;
        let window = Window { limit, after: None, before: None, is_backward: false };
        let (database, reading) = (&ctx.data_unchecked::<App>().database, graphql::narrowed::<Customer>(ctx, &[&[]]));
        let sort = CustomerOrderBy::default().into();
        let page = store::page::<Customer>(database, &reading, self.condition.clone(), &sort, &window).await?;
        Ok(page.rows.into_iter().map(|row| row.node).collect())
    }
}

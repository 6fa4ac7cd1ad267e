//! What scores lead to.

use async_graphql::Context;
use derive::resource;
use entity::rfm_run::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query};

use super::{RfmRun, RfmScore};
use crate::{customer::Customer, failure::Outcome, graphql};

#[resource]
impl RfmScore {
    /// The customer who has the scores. `$.Customer.has.RfmScore`
    #[iri("customers:scoreOf")]
    #[states("customers", self.key)]
    async fn customer(&self, ctx: &Context<'_>) -> Option<Outcome<Customer>> {
        graphql::twin(ctx, &self.siblings, self.key).await.transpose()
    }

    /// The last run about the present, as of which the scores are true. Null while the first is under way.
    /// `$.RfmRun.gave.RfmScore`
    #[iri("customers:scoredBy")]
    async fn run(&self, ctx: &Context<'_>) -> Option<Outcome<RfmRun>> {
        let last = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Expr::col(Column::IsHistorical).not())
            .order_by(Column::AsOf, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .limit(1)
            .take();
        graphql::common(ctx, &self.siblings, || Expr::col((Entity, Column::Id)).in_subquery(last)).await.transpose()
    }
}

#[resource]
impl RfmRun {}

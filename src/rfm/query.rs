//! Runs that scored customers at the root of queries.

use async_graphql::{Context, Object};
use derive::connections;

use super::RfmRun;
use crate::{
    failure::Outcome,
    graphql::{self, Connection, Pages},
};

/// The root fields about scores.
#[derive(Clone, Copy, Debug, Default)]
pub struct RfmQuery;

#[connections]
#[Object]
impl RfmQuery {
    /// Runs that scored customers by recency, frequency and monetary value, those as of the latest instant first unless
    /// another order is asked for.
    async fn rfm_runs(&self, ctx: &Context<'_>, pages: Pages<RfmRun>) -> Option<Outcome<Connection<RfmRun>>> {
        Some(graphql::listed(ctx, pages, None).await)
    }
}

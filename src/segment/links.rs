//! What a segment leads to.

use async_graphql::Context;
use derive::resource;
use entity::segment_membership::{Column, Entity};
use sea_orm::sea_query::IntoIden;

use super::Segment;
use crate::{
    customer::Customer,
    failure::Outcome,
    graphql::{self, Connection, Pages},
    store::Join,
};

#[resource]
impl Segment {
    /// The customers in it, the newest first unless another order is asked for. `$.Customer.belongs.to.Segment`
    #[iri("^customers:belongsTo")]
    #[pages]
    async fn customers(&self, ctx: &Context<'_>, pages: Pages<Customer>) -> Option<Outcome<Connection<Customer>>> {
        let join = Join::Through {
            table: || Entity.into_iden(),
            from: || Column::SegmentId.into_iden(),
            to: || Column::CustomerId.into_iden(),
        };
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

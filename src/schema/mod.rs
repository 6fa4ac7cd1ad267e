//! The GraphQL schema: the roots of all concepts merged, and the interface that all nodes share.

pub mod limits;
pub mod node;

use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, Schema, SchemaBuilder};

use self::node::NodeQuery;
use crate::{
    app::App, customer::CustomerQuery, loyalty::LoyaltyQuery, order::OrderQuery, product::ProductQuery,
    segment::SegmentQuery, settings::StoreQuery,
};

/// The schema that requests are executed by.
pub type CustomersSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(StoreQuery, NodeQuery, CustomerQuery, OrderQuery, ProductQuery, SegmentQuery, LoyaltyQuery);

/// The schema, answering from `app`.
#[must_use]
pub fn build(app: App) -> CustomersSchema {
    builder().data(app).finish()
}

/// The schema in the schema definition language, with the IRI of every type and field.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl()
}

fn builder() -> SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
}

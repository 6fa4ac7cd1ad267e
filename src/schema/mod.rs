//! The GraphQL schema: the roots of all concepts merged.

use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, Schema};

use crate::{app::App, customer::CustomerQuery, order::OrderQuery};

/// The schema that requests are executed by.
pub type CustomersSchema = Schema<Query, EmptyMutation, EmptySubscription>;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(CustomerQuery, OrderQuery);

/// The schema, answering from `app`.
#[must_use]
pub fn build(app: App) -> CustomersSchema {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription).data(app).finish()
}

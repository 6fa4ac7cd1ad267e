//! The GraphQL schema: the roots of all concepts merged, and the interface that all nodes share.

pub mod limits;
pub mod node;

use async_graphql::{MergedObject, MergedSubscription, Schema, SchemaBuilder};

use self::node::NodeQuery;
use crate::{
    address::AddressMutation,
    analytics::AnalyticsQuery,
    app::App,
    communication::{CommunicationMutation, CommunicationQuery},
    consent::ConsentMutation,
    contact_point::ContactPointMutation,
    customer::{CustomerMutation, CustomerQuery},
    event::EventSubscription,
    job::{JobMutation, JobQuery},
    lifetime_value::LifetimeValueQuery,
    loyalty::{LoyaltyMembershipMutation, LoyaltyProgramMutation, LoyaltyQuery},
    order::{OrderMutation, OrderQuery},
    product::{ProductMutation, ProductQuery},
    refund::RefundMutation,
    rfm::RfmQuery,
    segment::{SegmentMutation, SegmentQuery},
    settings::StoreQuery,
};

/// The schema that requests are executed by.
pub type CustomersSchema = Schema<Query, Mutation, Subscription>;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    StoreQuery,
    NodeQuery,
    CustomerQuery,
    OrderQuery,
    ProductQuery,
    SegmentQuery,
    LoyaltyQuery,
    LifetimeValueQuery,
    AnalyticsQuery,
    RfmQuery,
    JobQuery,
    CommunicationQuery,
);

/// Everything that can be written. Each mutation is one transaction, with all that follows from it.
#[derive(MergedObject, Default)]
pub struct Mutation(
    CustomerMutation,
    AddressMutation,
    ContactPointMutation,
    ConsentMutation,
    OrderMutation,
    RefundMutation,
    ProductMutation,
    SegmentMutation,
    LoyaltyProgramMutation,
    LoyaltyMembershipMutation,
    JobMutation,
    CommunicationMutation,
);

/// Everything that can be followed as it happens.
#[derive(MergedSubscription, Default)]
pub struct Subscription(EventSubscription);

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

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

#[cfg(test)]
mod tests {
    use async_graphql::Request;
    use serde_json::{Value, json};

    use super::*;
    use crate::{auth::Viewer, given};

    async fn ask(app: &App, viewer: Viewer, query: &str) -> Value {
        let request = Request::new(query).data(viewer).data(app.reading());
        json!(build(app.clone()).execute(request).await)
    }

    #[tokio::test]
    async fn personal_data_is_null_for_those_who_may_not_read_it() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let tx = app.database.begin().await?;
            given::customer(&tx, "Jane").await?;
            tx.commit().await?;
            let query = "{ customers { nodes { name totalSpent jsonLd } } }";

            let open = ask(&app, Viewer::Local, query).await;
            let closed = ask(&app, Viewer::Analyst, query).await;

            assert_eq!(open["data"]["customers"]["nodes"][0]["name"], "Jane");
            assert_eq!(open["data"]["customers"]["nodes"][0]["jsonLd"]["name"], "Jane");
            let node = &closed["data"]["customers"]["nodes"][0];
            assert_eq!((&node["name"], &node["totalSpent"]), (&Value::Null, &json!("0.00")));
            assert!(node["jsonLd"]["name"].is_null());
            assert_eq!(closed["errors"][0]["extensions"]["code"], "FORBIDDEN");
            assert_eq!(closed["errors"][0]["path"], json!(["customers", "nodes", 0, "name"]));
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn nor_can_they_find_it_out() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let questions = [
                "{ customers(where: { name: { startsWith: \"J\" } }) { totalCount } }",
                "{ customers(where: { not: { email: { isNull: true } } }) { totalCount } }",
                "{ orders(where: { customer: { telephone: { contains: \"1\" } } }) { totalCount } }",
                "{ customers(where: { customFields: { name: \"size\", number: { gte: 36 } } }) { totalCount } }",
                "{ customers(where: { not: { customFields: { name: \"size\", isNull: true } } }) { totalCount } }",
                "{ customers(orderBy: { field: NAME }) { pageInfo { endCursor } } }",
                "{ customers(orderBy: { field: EMAIL }) { nodes { id } } }",
                "{ customers(search: \"jane\") { totalCount } }",
                "{ customerBy(key: { email: \"jane@example.org\" }) { id } }",
            ];

            for question in questions {
                let answer = ask(&app, Viewer::Analyst, question).await;

                assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{question}: {answer}");
            }
            Ok(())
        })
        .await
    }
}

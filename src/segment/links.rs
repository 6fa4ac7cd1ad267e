//! What a segment leads to.

use std::{collections::HashMap, sync::Arc};

use async_graphql::Context;
use derive::resource;
use entity::segment_membership::{Column, Entity};
use sea_orm::sea_query::IntoIden;
use serde_json::Value;
use uuid::Uuid;

use super::{Segment, rules};
use crate::{
    app::App,
    auth::Viewer,
    customer::{Customer, CustomerWhere},
    event::{CustomerEvent, CustomerEventOrderBy, CustomerEventOrderField},
    failure::{Failure, Outcome},
    filter::{Condition, Rule, conditions},
    graphql::{self, Connection, OrderDirection, Pages, comparison::Where},
    store::{self, Join},
};

/// From a segment to the customers in it.
const MEMBERS: Join = Join::Through {
    table: || Entity.into_iden(),
    from: || Column::SegmentId.into_iden(),
    to: || Column::CustomerId.into_iden(),
};

#[resource]
impl Segment {
    /// The customers in it, the newest first unless another order is asked for. `$.Customer.belongs.to.Segment`
    #[iri("^customers:belongsTo")]
    #[pages]
    async fn customers(&self, ctx: &Context<'_>, pages: Pages<Customer>) -> Option<Outcome<Connection<Customer>>> {
        Some(graphql::related(ctx, (&self.siblings, self.key), MEMBERS, pages).await)
    }

    /// How many customers are in it.
    #[iri("customers:memberCount")]
    #[figure]
    async fn count(&self, ctx: &Context<'_>) -> Option<Outcome<i64>> {
        let database = &ctx.data_unchecked::<App>().database;
        let counts = self.siblings.share(graphql::place(ctx), || async {
            store::count_by_parent::<Customer>(database, self.siblings.keys(), MEMBERS, None).await.map(Arc::new)
        });
        Some(counts.await.map(|counts| counts.get(&self.key).copied().unwrap_or_default()))
    }

    /// The rule, in the shape of `where` of `customers` and `segmentCreate`: what is read here can be sent there. Null for a
    /// static segment.
    ///
    /// Null, with an error, for those who may not see personal data if the rule is about any.
    #[iri("customers:rule")]
    #[figure]
    async fn r#where(&self, ctx: &Context<'_>) -> Option<Outcome<Value>> {
        let app = ctx.data_unchecked::<App>();
        let rules = self.siblings.share(graphql::place(ctx), || async {
            rules::some(app.database.reader(), &self.siblings.keys()).await.map(Arc::new).map_err(Failure::from)
        });
        let rules: Arc<HashMap<Uuid, Rule>> = match rules.await {
            Ok(rules) => rules,
            Err(failure) => return Some(Err(failure)),
        };
        let rule = rules.get(&self.key)?;
        let is_hidden = !ctx.data_unchecked::<Viewer>().reads_personal();
        if is_hidden && conditions(CustomerWhere::SUBJECT, rule).iter().any(Condition::is_personal) {
            return Some(Err(Failure::Forbidden("where: the rule is about personal data".to_owned())));
        }
        Some(Ok(Value::Object(rule.document(CustomerWhere::SUBJECT, &app.base))))
    }

    /// Who entered it and who left, and what decided it: the latest first unless another order is asked for.
    /// `$.Customer.lived.CustomerEvent`
    #[iri("^customers:ofSegment")]
    #[pages]
    async fn history(
        &self,
        ctx: &Context<'_>,
        pages: Pages<CustomerEvent>,
    ) -> Option<Outcome<Connection<CustomerEvent>>> {
        let join = Join::Column(|| entity::event::Column::SegmentId.into_iden());
        let latest =
            || CustomerEventOrderBy { field: CustomerEventOrderField::OccurredAt, direction: OrderDirection::Desc };
        let pages = Pages { order_by: Some(pages.order_by.unwrap_or_else(latest)), ..pages };
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

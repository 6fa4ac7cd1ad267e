//! Customers at the root of queries.

use async_graphql::{Context, ID, Object, OneofObject};
use derive::connections;
use entity::customer::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait};

use super::{Customer, search};
use crate::{
    app::App,
    auth::Viewer,
    failure::{Failure, Outcome},
    fold,
    graphql::{self, Connection, Pages},
};

/// A key by which exactly one customer is known.
#[derive(Clone, Debug, OneofObject)]
pub enum CustomerKey {
    /// E-mail address, whatever its case.
    Email(String),
    /// Key in another system.
    ExternalId(String),
}

/// The root fields about customers.
#[derive(Clone, Copy, Debug, Default)]
pub struct CustomerQuery;

#[connections]
#[Object]
impl CustomerQuery {
    /// The customer with this id. Null if there is none.
    async fn customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer's IRI.")] id: ID,
    ) -> Option<Outcome<Customer>> {
        graphql::find_by_id(ctx, &id).await.transpose()
    }

    /// The customer with this key. Null if there is none.
    async fn customer_by(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One key.")] key: CustomerKey,
    ) -> Option<Outcome<Customer>> {
        if matches!(key, CustomerKey::Email(_)) && !ctx.data_unchecked::<Viewer>().reads_personal() {
            return Some(Err(Failure::Forbidden("key: an e-mail address is personal data".to_owned())));
        }
        let condition = match key {
            CustomerKey::Email(email) => Expr::col((Entity, Column::EmailKey)).eq(fold::email(&email)),
            CustomerKey::ExternalId(id) => Expr::col((Entity, Column::ExternalId)).eq(id),
        };
        graphql::find_by(ctx, condition).await.transpose()
    }

    /// Customers, the newest first unless another order is asked for.
    async fn customers(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only customers with this text somewhere in their name, e-mail address, telephone number or external id, \
                    whatever its case and accents. One or two letters find names and addresses that begin with them."
        )]
        search: Option<String>,
        pages: Pages<Customer>,
    ) -> Option<Outcome<Connection<Customer>>> {
        let found = match search {
            Some(_) if !ctx.data_unchecked::<Viewer>().reads_personal() => {
                Err(Failure::Forbidden("search: it looks at personal data".to_owned()))
            }
            Some(text) => search::search(ctx.data_unchecked::<App>().database.dialect(), &text).map(Some),
            None => Ok(None),
        };
        match found {
            Ok(condition) => Some(graphql::listed(ctx, pages, condition).await),
            Err(failure) => Some(Err(failure)),
        }
    }
}

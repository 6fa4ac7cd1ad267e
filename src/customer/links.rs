//! What a customer leads to.

use async_graphql::Context;
use derive::resource;
use entity::address::Column as AddressColumn;
use sea_orm::sea_query::{Expr, ExprTrait, IntoIden};

use super::Customer;
use crate::{
    address::Address,
    failure::Outcome,
    graphql::{self, Connection, Pages},
    order::Order,
    store::Join,
};

#[resource]
impl Customer {
    /// The address that orders go to unless they say otherwise. Null if there is none. `$.Customer.has.Address`
    #[iri("schema:address")]
    async fn address(&self, ctx: &Context<'_>) -> Option<Outcome<Address>> {
        let condition = || Expr::col((entity::address::Entity, AddressColumn::IsDefaultShipping)).eq(true);
        let join = Join::Column(|| AddressColumn::CustomerId.into_iden());
        graphql::first(ctx, (&self.siblings, self.key), join, condition).await.transpose()
    }

    /// All addresses. `$.Customer.has.Address`
    #[iri("schema:address")]
    #[pages]
    async fn addresses(&self, ctx: &Context<'_>, pages: Pages<Address>) -> Option<Outcome<Connection<Address>>> {
        let join = Join::Column(|| AddressColumn::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }

    /// Orders placed, cancelled ones included. `$.Customer.placed.Order`
    #[iri("^schema:customer")]
    #[pages]
    async fn orders(&self, ctx: &Context<'_>, pages: Pages<Order>) -> Option<Outcome<Connection<Order>>> {
        let join = Join::Column(|| entity::order::Column::CustomerId.into_iden());
        Some(graphql::related(ctx, (&self.siblings, self.key), join, pages).await)
    }
}

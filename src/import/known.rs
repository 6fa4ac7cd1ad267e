//! What the store knows already of what is to be imported.

use std::collections::{HashMap, HashSet};

use anyhow::Context;
use entity::{customer, order, product, refund};
use sea_orm::{
    ConnectionTrait, DynIden,
    sea_query::{Expr, ExprTrait, IntoIden, Query},
};
use uuid::Uuid;

use crate::store::{Dialect, Values};

/// The keys that files carry.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// External ids of customers.
    pub customers: Vec<String>,
    /// External ids of orders.
    pub orders: Vec<String>,
    /// External ids of refunds.
    pub refunds: Vec<String>,
    /// External ids of products.
    pub products: Vec<String>,
    /// E-mail addresses, folded.
    pub emails: Vec<String>,
}

/// Those of them that the store has.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Customers by external id, deleted ones included.
    pub customers: HashMap<String, Uuid>,
    /// Orders by external id.
    pub orders: HashMap<String, Uuid>,
    /// Refunds by external id.
    pub refunds: HashMap<String, Uuid>,
    /// Products by external id, withdrawn ones included.
    pub products: HashMap<String, Uuid>,
    /// E-mail addresses of customers that are not deleted.
    pub emails: HashSet<String>,
}

impl Known {
    /// Looks the keys up, in one statement for each kind of which there are some.
    pub async fn find(tx: &impl ConnectionTrait, keys: Keys) -> anyhow::Result<Self> {
        let external = |column: DynIden| (column, Expr::cust("true"));
        let customers = external(customer::Column::ExternalId.into_iden());
        let orders = external(order::Column::ExternalId.into_iden());
        let refunds = external(refund::Column::ExternalId.into_iden());
        let products = external(product::Column::ExternalId.into_iden());
        let live = Expr::col(customer::Column::DeletedAt).is_null();
        let emails = (customer::Column::EmailKey.into_iden(), live);
        Ok(Self {
            customers: find(tx, customer::Entity.into_iden(), customers, keys.customers).await?,
            orders: find(tx, order::Entity.into_iden(), orders, keys.orders).await?,
            refunds: find(tx, refund::Entity.into_iden(), refunds, keys.refunds).await?,
            products: find(tx, product::Entity.into_iden(), products, keys.products).await?,
            emails: find(tx, customer::Entity.into_iden(), emails, keys.emails).await?.into_keys().collect(),
        })
    }
}

/// The rows of `table` in which the column holds one of `texts`: their keys by that text.
async fn find(
    tx: &impl ConnectionTrait,
    table: DynIden,
    (column, condition): (DynIden, Expr),
    texts: Vec<String>,
) -> anyhow::Result<HashMap<String, Uuid>> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let dialect = Dialect::from(tx.get_database_backend());
    let mut select = Query::select();
    select
        .column(column.clone())
        .column("id")
        .from(table)
        .and_where(dialect.among(Expr::col(column), &Values::Texts(texts)))
        .and_where(condition);
    let rows = tx.query_all(&select).await.context("could not look for what is imported already")?;
    let pair = |row: &sea_orm::QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    rows.iter().map(pair).collect()
}

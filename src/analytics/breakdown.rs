//! Revenue by customer, and by country.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::Population;
use crate::{
    customer::{Customer, metrics::movements},
    failure::Outcome,
    money::Money,
    store::{self, Database, Reading},
};

/// How many customers or countries are told at most.
pub const MOST_ROWS: i32 = 250;

/// What a customer spent in the timeframe.
#[derive(Clone, Debug, SimpleObject)]
pub struct CustomerRevenue {
    /// The customer.
    customer: Customer,
    /// Their purchases less refunds in the timeframe, in the store's currency.
    revenue: Money,
}

/// What customers in a country spent in the timeframe.
#[derive(Clone, Debug, SimpleObject)]
pub struct CountryRevenue {
    /// The country of their `address`, as it is now. Null where none is known.
    country: Option<String>,
    /// How many of them bought, or got money back, in the timeframe.
    customers: i64,
    /// Their purchases less refunds in the timeframe, in the store's currency. Negative when more was returned than
    /// bought.
    revenue: Money,
}

/// The `count` customers who spent most since an instant, the most first. `reading` says what is read of them. Deleted
/// customers are left out.
///
/// # Errors
/// When the database fails.
pub async fn top_customers(
    database: &Database,
    population: &Population,
    since: DateTime<Utc>,
    count: u32,
    reading: &Reading,
) -> Outcome<Vec<CustomerRevenue>> {
    let statement = format!(
        " select customer_id, cast(sum(amount) as bigint) from {movements} movement
        where instant >= {since} and instant <= {at}
        group by customer_id order by 2 desc, 1 limit {count}",
        movements = movements("customer_id in (select id from chosen where deleted_at is null)"),
        since = population.number(0),
        at = population.at(),
    );
    let mut ranking: Vec<(Uuid, i64)> = Vec::new();
    for row in population.ask(database, &statement, &[since.timestamp_millis()]).await? {
        ranking.push((row.try_get_by_index(0)?, row.try_get_by_index(1)?));
    }
    let keys = ranking.iter().map(|(key, _)| *key).collect();
    let mut customers = store::rows_by_key::<Customer>(database, reading, keys).await?;
    let told = ranking.into_iter().filter_map(|(key, units)| {
        Some(CustomerRevenue { customer: customers.remove(&key)?, revenue: Money::new(units, reading.currency) })
    });
    Ok(told.collect())
}

/// The `count` countries in which most was spent since an instant, the most first.
///
/// # Errors
/// When the database fails.
pub async fn revenue_by_country(
    database: &Database,
    population: &Population,
    since: DateTime<Utc>,
    count: u32,
) -> Outcome<Vec<CountryRevenue>> {
    let statement = format!(
        ", spender as (
            select customer_id, sum(amount) as amount from {movements} movement
            where instant >= {since} and instant <= {at}
            group by customer_id
        )
        select address.address_country, count(*), cast(sum(spender.amount) as bigint)
        from spender
        left join address on address.customer_id = spender.customer_id and address.is_default_shipping
        group by 1 order by 3 desc, 1 limit {count}",
        since = population.number(0),
        at = population.at(),
        movements = movements(&population.has("customer_id")),
    );
    let rows = population.ask(database, &statement, &[since.timestamp_millis()]).await?;
    let told = rows.iter().map(|row| {
        Ok(CountryRevenue {
            country: row.try_get_by_index(0)?,
            customers: row.try_get_by_index(1)?,
            revenue: Money::new(row.try_get_by_index(2)?, population.reading.currency),
        })
    });
    told.collect()
}

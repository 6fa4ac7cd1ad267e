//! The spending that counts in a program, by its evaluation.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use sea_orm::{ConnectionTrait, sea_query::Value};
use uuid::Uuid;

use crate::{
    customer::metrics::movements,
    instant::DAY,
    store::{Dialect, query},
};

/// How long spending counts in programs that look back: 365 days, in milliseconds.
pub(super) const ROLLING_PERIOD: i64 = 365 * DAY;

/// The condition on a movement of money that it is of the row `customer`.
pub(super) const THEIRS: &str = "customer_id = customer.id";

/// What `customer` spent, as far as it counts in `program`, in minor units of the store's currency.
///
/// # Errors
/// When the database fails.
pub(super) async fn spent(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customer: Uuid,
    program: Uuid,
) -> anyhow::Result<i64> {
    let sql = format!(
        "select {} from customer, loyalty_program program where customer.id = $3 and program.id = $4",
        spent_expression(),
    );
    let mut parameters = instants(as_of);
    parameters.extend([customer.into(), program.into()]);
    let rows = query(tx, &sql, parameters).await.context("could not tell what a customer spent")?;
    Ok(rows.first().context("there is no such customer, or no such program")?.try_get_by_index(0)?)
}

/// What the members of `memberships` have yet to spend to rise to the next tier, in minor units of the store's
/// currency, in one statement. Those on the highest tier are left out.
///
/// # Errors
/// When the database fails.
pub(super) async fn spend_to_next_tier(
    db: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    memberships: &[Uuid],
) -> anyhow::Result<HashMap<Uuid, i64>> {
    let dialect = Dialect::from(db.get_database_backend());
    let sql = format!(
        "select membership.id, (
            select min(next.min_spend) from loyalty_tier next
            where next.program_id = membership.program_id and next.retired_at is null
                and next.min_spend > held.min_spend
        ) - {spent}
        from loyalty_membership membership
        join loyalty_tier held on held.id = membership.tier_id
        join loyalty_program program on program.id = membership.program_id
        join customer on customer.id = membership.customer_id
        where {is_meant}",
        spent = spent_expression(),
        is_meant = dialect.is_among("membership.id", 3),
    );
    let mut parameters = instants(as_of);
    parameters.push(dialect.parameter(memberships));
    let rows = query(db, &sql, parameters).await.context("could not tell what members have yet to spend")?;
    let mut missing = HashMap::new();
    for row in rows {
        if let Some(units) = row.try_get_by_index::<Option<i64>>(1)? {
            // Whoever has spent enough is below the tier until the program is settled, and no longer.
            missing.insert(row.try_get_by_index(0)?, units.max(0));
        }
    }
    Ok(missing)
}

/// The beginning of the year of `as_of` in UTC, or of one so many `years` before.
pub(super) fn new_year(as_of: DateTime<Utc>, years: i32) -> DateTime<Utc> {
    let day = NaiveDate::from_yo_opt(as_of.year() - years, 1);
    day.map_or(as_of, |day| day.and_time(NaiveTime::MIN).and_utc())
}

/// What a customer spent, as far as it counts in a program: an expression over the rows `customer` and `program`, in
/// minor units of the store's currency. Its parameters are [`instants`].
pub(super) fn spent_expression() -> String {
    format!(
        "case program.evaluation when 'LIFETIME' then customer.total_spent else coalesce((
            select cast(sum(movement.amount) as bigint) from {theirs} movement
            where movement.instant <= cast($1 as bigint)
                and movement.instant >= case program.evaluation
                    when 'ROLLING' then cast($1 as bigint) - {ROLLING_PERIOD} else cast($2 as bigint) end
        ), 0) end",
        theirs = movements(THEIRS),
    )
}

/// The instant as of which spending is told, and the beginning of its year in UTC.
pub(super) fn instants(as_of: DateTime<Utc>) -> Vec<Value> {
    vec![as_of.timestamp_millis().into(), new_year(as_of, 0).timestamp_millis().into()]
}

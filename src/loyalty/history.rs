//! Which tiers members held, from when to when.
//!
//! The tier that a member holds is in their membership, with the instant from which on they hold it; what they held
//! before is kept as intervals, entered by the statement that every move goes through ([`super::standing`]), for many
//! members at once. The log of events would not do: an import tells of a customer's tier once, however many they passed
//! through.

use std::collections::HashMap;

use anyhow::Context;
use chrono::{DateTime, Utc};
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use crate::{
    customer::metrics::movements_of_members,
    instant::Instant,
    store::{Dialect, Kind, execute, query},
};

/// A member who leaves a tier.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// The membership.
    pub membership: Uuid,
    /// The member.
    pub customer: Uuid,
    /// The tier that they leave.
    pub from: Uuid,
    /// Since when they held it.
    pub since: DateTime<Utc>,
    /// Since when they hold another.
    pub until: DateTime<Utc>,
    /// Whether it was money that brought them there, and has passed other thresholds on the way.
    pub is_by_money: bool,
}

/// An interval in which a member held a tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The tier; none if it is gone.
    pub tier: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// Its first instant.
    pub since: Instant,
    /// The instant at which the next one begins; none for the tier that is held now.
    pub until: Option<Instant>,
}

/// Keeps what members held up to now who leave their tiers.
///
/// Movements of money that became known together, as by an import, may have passed several thresholds: each tier has its
/// interval then, as though they had become known one by one. What is in the way of a tier that was reached earlier than
/// was known gives way to it.
///
/// # Errors
/// When the database fails.
pub async fn keep(tx: &impl ConnectionTrait, turns: &[Turn]) -> anyhow::Result<()> {
    if turns.iter().any(|turn| turn.until < turn.since) {
        give_way(tx, turns).await?;
    }
    let dialect = Dialect::from(tx.get_database_backend());
    let sql = format!(
        "with turn as (
            select turn.*, membership.program_id
            from {turns} turn
            join loyalty_membership membership on membership.id = turn.id
            where turn.until > turn.since
        ), band as (
            select tier.id, tier.program_id, lead(tier.min_spend) over upwards as below,
                case when row_number() over upwards > 1 then tier.min_spend end as least
            from loyalty_tier tier
            where tier.program_id in (select program_id from turn) and tier.retired_at is null
            window upwards as (partition by tier.program_id order by tier.min_spend)
        ), change as (
            select id, since, until, from_id, program_id, instant, amount, 1 as movements
            from {movements} movement
            where is_by_money = 1 and instant < until
            union all
            select id, since, until, from_id, program_id, since, 0, 0 from turn
        ), balance as (
            select id, since, until, from_id, program_id, instant, sum(movements) as movements,
                sum(sum(amount)) over (partition by id order by instant) as spent
            from change
            group by id, since, until, from_id, program_id, instant
        ), step as (
            select balance.id, balance.instant, balance.until,
                case when balance.movements = 0 then balance.from_id else band.id end as tier_id
            from balance
            join band on band.program_id = balance.program_id
                and (band.least is null or balance.spent >= band.least)
                and (band.below is null or balance.spent < band.below)
            where balance.instant >= balance.since
        ), start as (
            select step.*, lag(tier_id) over (partition by id order by instant) as before from step
        )
        insert into loyalty_tier_interval (membership_id, since, until, tier_id, tier_name)
        select start.id, start.instant,
            coalesce(lead(start.instant) over (partition by start.id order by start.instant), start.until),
            start.tier_id, tier.name
        from start
        join loyalty_tier tier on tier.id = start.tier_id
        where start.before is null or start.before <> start.tier_id",
        turns = table_of_turns(dialect),
        movements = movements_of_members("turn", "turn.*"),
    );
    execute(tx, &sql, vec![records(turns)?]).await.context("could not keep the tiers that members held")?;
    Ok(())
}

/// Ends the intervals of members where the tier to which they come begins.
async fn give_way(tx: &impl ConnectionTrait, turns: &[Turn]) -> anyhow::Result<()> {
    let dialect = Dialect::from(tx.get_database_backend());
    let statements = [
        format!(
            "delete from loyalty_tier_interval where (membership_id, since) in (
                select held.membership_id, held.since
                from {} turn join loyalty_tier_interval held on held.membership_id = turn.id and held.since >= turn.until
            )",
            table_of_turns(dialect),
        ),
        format!(
            "update loyalty_tier_interval set until = turn.until
            from {} turn
            where turn.id = loyalty_tier_interval.membership_id and loyalty_tier_interval.until > turn.until",
            table_of_turns(dialect),
        ),
    ];
    for sql in statements {
        let written = execute(tx, &sql, vec![records(turns)?]).await;
        written.context("could not make room for tiers that were reached earlier")?;
    }
    Ok(())
}

fn table_of_turns(dialect: Dialect) -> String {
    let columns = [
        ("id", Kind::Key),
        ("customer_id", Kind::Key),
        ("from_id", Kind::Key),
        ("since", Kind::Integer),
        ("until", Kind::Integer),
        ("is_by_money", Kind::Integer),
    ];
    dialect.table_of_records(1, &columns)
}

fn records(turns: &[Turn]) -> anyhow::Result<sea_orm::Value> {
    let key = |key: Uuid| key.simple().to_string();
    let rows = turns.iter().map(|turn| {
        json!({
            "id": key(turn.membership),
            "customer_id": key(turn.customer),
            "from_id": key(turn.from),
            "since": turn.since.timestamp_millis(),
            "until": turn.until.timestamp_millis(),
            "is_by_money": i32::from(turn.is_by_money),
        })
    });
    Dialect::records(rows)
}

/// The last `limit` intervals of each of `memberships`, the one that lasts first.
///
/// # Errors
/// When the database fails.
pub async fn of(
    db: &impl ConnectionTrait,
    memberships: &[Uuid],
    limit: u32,
) -> anyhow::Result<HashMap<Uuid, Vec<Interval>>> {
    let dialect = Dialect::from(db.get_database_backend());
    let sql = format!(
        "select membership_id, tier_id, tier_name, since, until
        from (
            select held.*, row_number() over (partition by membership_id order by since desc) as place
            from (
                select membership_id, tier_id, tier_name, since, until
                from loyalty_tier_interval
                where {is_past}
                union all
                select membership.id, tier.id, tier.name, membership.tier_since, null
                from loyalty_membership membership
                join loyalty_tier tier on tier.id = membership.tier_id
                where {is_present}
            ) held
        ) placed
        where place <= $2
        order by membership_id, place",
        is_past = dialect.is_among("membership_id", 1),
        is_present = dialect.is_among("membership.id", 1),
    );
    let parameters = vec![dialect.parameter(memberships), i64::from(limit).into()];
    let rows = query(db, &sql, parameters).await.context("could not read which tiers members held")?;
    let mut intervals: HashMap<Uuid, Vec<Interval>> = HashMap::new();
    for row in rows {
        let until: Option<i64> = row.try_get_by_index(4)?;
        let interval = Interval {
            tier: row.try_get_by_index(1)?,
            name: row.try_get_by_index(2)?,
            since: Instant::stored(row.try_get_by_index(3)?)?,
            until: until.map(Instant::stored).transpose()?,
        };
        intervals.entry(row.try_get_by_index(0)?).or_default().push(interval);
    }
    Ok(intervals)
}

#[cfg(test)]
mod tests {
    use entity::loyalty_membership;
    use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};

    use super::*;
    use crate::{
        given::{ago, customer, each_store, now, purchase, recompute, refund},
        loyalty::standing,
        store::insert_all,
    };

    /// Each tier of a customer, the first first, with how many days ago it was come to and left.
    async fn held(tx: &DatabaseTransaction, customer: Uuid) -> anyhow::Result<Vec<(String, i64, Option<i64>)>> {
        let is_theirs = loyalty_membership::Column::CustomerId.eq(customer);
        let membership = loyalty_membership::Entity::find().filter(is_theirs).one(tx).await?.expect("a member");
        let mut intervals = of(tx, &[membership.id], 250).await?.remove(&membership.id).expect("a tier");
        intervals.reverse();
        let days = |instant: Instant| (now() - instant.0).num_days();
        Ok(intervals.into_iter().map(|held| (held.name, days(held.since), held.until.map(days))).collect())
    }

    fn told(intervals: &[(&str, i64, Option<i64>)]) -> Vec<(String, i64, Option<i64>)> {
        intervals.iter().map(|(name, since, until)| ((*name).to_owned(), *since, *until)).collect()
    }

    #[tokio::test]
    async fn what_becomes_known_at_once_is_held_as_though_it_had_become_known_one_by_one() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let (jane, john) = (customer(&tx, "Jane").await?, customer(&tx, "John").await?);
            standing::enroll(&tx, now(), None).await?;
            // Twice the same day, a fall, and a rise over two tiers.
            let movements = [(200, 30_000), (150, 10_000), (150, 10_000), (100, 60_000), (40, 500_000)];
            for id in [jane, john] {
                insert_all(&tx, movements.map(|(days, total)| purchase(id, ago(days), total)).to_vec()).await?;
                insert_all(&tx, vec![refund(id, ago(90), 70_000)]).await?;
            }

            recompute(&tx, now()).await?;

            let expected = told(&[
                ("Bronze", 300, Some(150)),
                ("Silver", 150, Some(90)),
                ("Bronze", 90, Some(40)),
                ("Platinum", 40, None),
            ]);
            assert_eq!(held(&tx, jane).await?, expected);
            assert_eq!(held(&tx, john).await?, expected);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn what_becomes_known_one_by_one_ends_alike() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            for (days, total) in [(200, 30_000), (150, 20_000), (100, 60_000), (40, 500_000)] {
                insert_all(&tx, vec![purchase(jane, ago(days), total)]).await?;
                recompute(&tx, ago(days)).await?;
            }
            insert_all(&tx, vec![refund(jane, ago(20), 430_000)]).await?;
            recompute(&tx, now()).await?;

            let expected = told(&[
                ("Bronze", 300, Some(150)),
                ("Silver", 150, Some(40)),
                ("Platinum", 40, Some(20)),
                ("Silver", 20, None),
            ]);
            assert_eq!(held(&tx, jane).await?, expected);
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_tier_that_was_reached_earlier_than_was_known_takes_its_place() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            insert_all(&tx, vec![purchase(jane, ago(50), 60_000)]).await?;
            recompute(&tx, ago(50)).await?;
            insert_all(&tx, vec![purchase(jane, ago(80), 200_000)]).await?;

            recompute(&tx, now()).await?;

            assert_eq!(held(&tx, jane).await?, told(&[("Bronze", 300, Some(80)), ("Gold", 80, None)]));
            Ok(())
        })
        .await
    }
}

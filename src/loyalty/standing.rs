//! Where customers stand in the programs: who is a member, and on which tier.
//!
//! The statements are set-based and change only what differs. They say what they changed, and tell nobody:
//! [`super::operations`] does.

use std::{cmp::Ordering, ops::RangeInclusive};

use anyhow::Context;
use chrono::{DateTime, Utc};
use entity::{event::EventType, term::Term};
use sea_orm::{ConnectionTrait, Statement, StreamTrait, sea_query::Value};
use serde_json::json;
use uuid::Uuid;

use super::{
    history::{self, Turn},
    period::Falls,
    spending::{instants, spent_expression},
};
use crate::{
    customer::metrics::movements_of_members,
    event::Event,
    instant::Instant,
    store::{Dialect, Kind, execute, query, read_each},
};

/// A customer who came into a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The customer.
    pub customer: Uuid,
    /// The program.
    pub program: Uuid,
    /// The tier on which they begin.
    pub tier: Uuid,
    /// Since when they are a member.
    pub since: DateTime<Utc>,
}

/// A customer who came to another tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// The customer.
    pub customer: Uuid,
    /// The program.
    pub program: Uuid,
    /// The tier to which they came.
    pub tier: Uuid,
    /// How it compares with the one before, by where they begin: greater for a rise. One in the place of a tier that was
    /// taken away may begin alike: it has but another name, and nobody rises or falls.
    pub way: Ordering,
    /// Since when they hold it.
    pub since: DateTime<Utc>,
}

impl Move {
    /// The event that tells of it, if they rose or fell.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        let Self { customer, program, tier, .. } = *self;
        match self.way {
            Ordering::Greater => Some(Event::CustomerUpgraded { customer, program, tier }),
            Ordering::Less => Some(Event::CustomerDowngraded { customer, program, tier }),
            Ordering::Equal => None,
        }
    }
}

/// The condition that it was money which brought a `mover` to another tier: since when it did is when they came there.
/// Where the spending of a period counts, time passes besides; while a program is not settled, its tiers were edited.
const IS_BY_MONEY: &str = "(mover.evaluation = 'LIFETIME' and mover.is_settled)";

/// Enrols those of `customers`, or of all, who are not members of the default program, and never left it, on its lowest
/// tier and from the day on which they became customers. Gives the new members.
///
/// # Errors
/// When the database fails.
pub async fn enroll(
    tx: &impl ConnectionTrait,
    now: DateTime<Utc>,
    customers: Option<&[Uuid]>,
) -> anyhow::Result<Vec<Enrolment>> {
    let dialect = Dialect::from(tx.get_database_backend());
    let sql = format!(
        "insert into loyalty_membership (id, program_id, customer_id, tier_id, since, tier_since)
        select {key}, program.id, customer.id, tier.id, customer.customer_since, customer.customer_since
        from customer
        join loyalty_program program on program.is_default
        join loyalty_tier tier on tier.program_id = program.id and tier.min_spend = (
            select min(lowest.min_spend) from loyalty_tier lowest
            where lowest.program_id = program.id and lowest.retired_at is null
        ) and tier.retired_at is null
        where customer.deleted_at is null and {is_meant} and not exists (
            select 1 from loyalty_membership membership
            where membership.program_id = program.id and membership.customer_id = customer.id
        ) and not exists (
            select 1 from event
            where event.customer_id = customer.id and event.kind = '{left}'
                and event.program_id = program.id
        )
        returning customer_id, program_id, tier_id, since",
        left = EventType::CustomerUnenrolled.description().name,
        key = dialect.new_key(now),
        is_meant = customers.map_or_else(|| "true".to_owned(), |_| dialect.is_among("customer.id", 1)),
    );
    let parameters = customers.map(|keys| dialect.parameter(keys)).into_iter().collect();
    let rows = query(tx, &sql, parameters).await.context("could not enrol customers in the default loyalty program")?;
    let enrolments = rows.iter().map(|row| {
        anyhow::Ok(Enrolment {
            customer: row.try_get_by_index(0)?,
            program: row.try_get_by_index(1)?,
            tier: row.try_get_by_index(2)?,
            since: Instant::stored(row.try_get_by_index(3)?)?.0,
        })
    });
    enrolments.collect()
}

/// Sets the tier that the rule gives, for `customers` or all, and gives those who changed tier. See `settle`.
///
/// In programs that count the spending of a period, nobody falls before the period is over: here, not at all. While a
/// program is not settled, as its tiers were edited, they rise and fall at once, whatever it counts.
///
/// # Errors
/// When the database fails.
pub async fn settle_tiers(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customers: Option<&[Uuid]>,
) -> anyhow::Result<Vec<Move>> {
    let dialect = Dialect::from(tx.get_database_backend());
    let is_meant = customers.map_or_else(|| "true".to_owned(), |_| dialect.is_among("membership.customer_id", 3));
    let parameter = customers.map(|keys| dialect.parameter(keys));
    settle(tx, as_of, (&is_meant, parameter), &Falls::of_lifetime()).await
}

/// The members of programs that count the spending of a period, in the order of their keys; deleted ones are among them.
///
/// # Errors
/// When the database fails.
pub async fn periodic(db: &impl StreamTrait) -> anyhow::Result<Vec<Uuid>> {
    let sql = "select distinct customer_id from loyalty_membership
        where program_id in (select id from loyalty_program where evaluation <> 'LIFETIME')
        order by customer_id";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let members = read_each(db, statement, |row| row.try_get_by_index(0)).await;
    members.context("could not read the members of loyalty programs")
}

/// Those of `members`, a range of keys, who fall as of `as_of`, as a period is over in which they did not reach their tier
/// again: see [`settle_periods`].
///
/// # Errors
/// When the database fails.
pub async fn overdue(
    db: &impl StreamTrait,
    as_of: DateTime<Utc>,
    members: RangeInclusive<Uuid>,
) -> anyhow::Result<Vec<Uuid>> {
    let mut falls = Falls::at_the_end_of_periods(as_of, 3);
    let is_meant =
        format!("membership.customer_id between $5 and $6 and customer.deleted_at is null and {}", falls.condition);
    let movers = movers(&is_meant, &falls);
    let mut parameters = instants(as_of);
    parameters.append(&mut falls.parameters);
    parameters.extend([(*members.start()).into(), (*members.end()).into()]);
    let sql = format!("{movers} select distinct customer_id from mover where begins < began order by customer_id");
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, parameters);
    let overdue = read_each(db, statement, |row| row.try_get_by_index(0)).await;
    overdue.context("could not tell who falls to another loyalty tier")
}

/// Lets `customers` fall, in programs that count the spending of a period, to the tier that they reached in it, when
/// the period and the grace of the program are over.
///
/// A year of the calendar is over for whoever came to their tier before its end; they keep the tier that they reached
/// in it. A rolling period is over 365 days after they came to their tier; the spending of the last 365 days tells
/// then.
///
/// # Errors
/// When the database fails.
pub async fn settle_periods(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    customers: &[Uuid],
) -> anyhow::Result<Vec<Move>> {
    let dialect = Dialect::from(tx.get_database_backend());
    let falls = Falls::at_the_end_of_periods(as_of, 4);
    let is_meant = format!(
        "customer.deleted_at is null and {} and {}",
        dialect.is_among("membership.customer_id", 3),
        falls.condition,
    );
    settle(tx, as_of, (&is_meant, Some(dialect.parameter(customers))), &falls).await
}

/// The members of `program` whom [`settle_tiers`] brings to another tier.
///
/// # Errors
/// When the database fails.
pub async fn misplaced(db: &impl StreamTrait, as_of: DateTime<Utc>, program: Uuid) -> anyhow::Result<Vec<Uuid>> {
    let movers = movers("membership.program_id = $3", &Falls::of_lifetime());
    let sql = format!("{movers} select customer_id from mover order by customer_id");
    let mut parameters = instants(as_of);
    parameters.push(program.into());
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, parameters);
    let misplaced = read_each(db, statement, |row| row.try_get_by_index(0)).await;
    misplaced.context("could not tell who comes to another loyalty tier")
}

/// The members who are to come to another tier, `mover`, as common table expressions: those of the memberships that
/// `is_meant`, and those who would fall only as `falls` says, or if their program is not settled.
fn movers(is_meant: &str, falls: &Falls) -> String {
    let Falls { condition, kept, .. } = falls;
    format!(
        "with band as (
            select tier.id, tier.program_id, tier.min_spend, lead(tier.min_spend) over upwards as below,
                case when row_number() over upwards > 1 then tier.min_spend end as least
            from loyalty_tier tier
            where tier.retired_at is null
            window upwards as (partition by tier.program_id order by tier.min_spend)
        ), spender as materialized (
            select membership.id, membership.customer_id, membership.program_id, membership.tier_id, membership.since,
                membership.tier_since, held.min_spend, program.evaluation, program.is_settled,
                {condition} or not program.is_settled as may_fall, {spent} as spent, {kept} as kept
            from loyalty_membership membership
            join loyalty_tier held on held.id = membership.tier_id
            join loyalty_program program on program.id = membership.program_id
            join customer on customer.id = membership.customer_id
            where {is_meant}
        ), member as (
            select spender.*, case when spent >= min_spend then spent when kept >= min_spend then min_spend
                when kept > spent then kept else spent end as counted
            from spender
        ), mover as (
            select member.id, member.customer_id, member.since, member.evaluation, member.is_settled, member.program_id,
                member.tier_id as from_id, member.tier_since, member.min_spend as began, band.id as tier_id,
                band.min_spend as begins, band.least, band.below
            from member
            join band on band.program_id = member.program_id
                and (band.least is null or member.counted >= band.least)
                and (band.below is null or member.counted < band.below)
            where member.tier_id <> band.id and (band.min_spend > member.min_spend or member.may_fall)
        )",
        spent = spent_expression(),
    )
}

/// Sets the tier that the rule gives, for the memberships that are meant: a condition, and the parameter that it reads
/// as number 3; those who would fall only as `falls` says, or if their program is not settled.
///
/// The tier is the highest whose threshold the customer's spending reaches; the lowest is the floor. It is held since
/// the movement of money at or before `as_of` that brought the customer there; without one, since they joined; and
/// since `as_of` where the spending of a period counts, or where tiers were edited. Figures come first: see
/// [`crate::customer::metrics::rebuild`].
async fn settle(
    tx: &impl ConnectionTrait,
    as_of: DateTime<Utc>,
    (is_meant, parameter): (&str, Option<Value>),
    falls: &Falls,
) -> anyhow::Result<Vec<Move>> {
    let dialect = Dialect::from(tx.get_database_backend());
    let sql = format!(
        "{movers}, earner as (
            select * from mover where {is_by_money}
        ), change as (
            select * from {movements} movement where instant <= cast($1 as bigint)
            union all
            select mover.*, cast(null as bigint), 0 from mover
        ), balance as (
            select change.*, sum(amount) over (partition by id order by instant) as spent from change
        ), judged as (
            select balance.*, max(case when spent < least or spent >= below then instant end) over (partition by id) as left_at
            from balance
        )
        select id, customer_id, program_id, tier_id, began,
            case when not ({is_by_money}) then cast($1 as bigint)
                when least is null and left_at is null then since
                else coalesce(min(case when left_at is null or instant > left_at then instant end), since) end,
            from_id, tier_since, {is_by_money}, begins
        from judged mover
        group by id, customer_id, program_id, tier_id, began, begins, least, left_at, since, evaluation, is_settled,
            from_id, tier_since",
        movers = movers(is_meant, falls),
        // Whoever has no movements has a row all the same.
        movements = movements_of_members("earner", "earner.*"),
        is_by_money = IS_BY_MONEY,
    );
    let mut parameters = instants(as_of);
    parameters.extend(parameter.into_iter().chain(falls.parameters.iter().cloned()));
    let rows = query(tx, &sql, parameters).await.context("could not tell the loyalty tiers of customers")?;
    let (mut moves, mut turns) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        let to = Move {
            customer: row.try_get_by_index(1)?,
            program: row.try_get_by_index(2)?,
            tier: row.try_get_by_index(3)?,
            way: row.try_get_by_index::<i64>(9)?.cmp(&row.try_get_by_index(4)?),
            since: Instant::stored(row.try_get_by_index(5)?)?.0,
        };
        moves.push(to);
        turns.push(Turn {
            membership: row.try_get_by_index(0)?,
            customer: to.customer,
            from: row.try_get_by_index(6)?,
            since: Instant::stored(row.try_get_by_index(7)?)?.0,
            until: to.since,
            is_by_money: row.try_get_by_index(8)?,
        });
    }
    if moves.is_empty() {
        return Ok(moves);
    }
    history::keep(tx, &turns).await?;
    let key = |key: Uuid| key.simple().to_string();
    let records = moves.iter().zip(&turns).map(|(to, turn)| {
        json!({ "id": key(turn.membership), "tier_id": key(to.tier), "since": to.since.timestamp_millis() })
    });
    let sql = format!(
        "update loyalty_membership set tier_id = move.tier_id, tier_since = move.since
        from {} move
        where loyalty_membership.id = move.id",
        dialect.table_of_records(1, &[("id", Kind::Key), ("tier_id", Kind::Key), ("since", Kind::Integer)]),
    );
    let written = execute(tx, &sql, vec![Dialect::records(records)?]).await;
    written.context("could not set the loyalty tiers of customers")?;
    Ok(moves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        given::{ago, customer, each_store, now, purchase, recompute, refund, tier},
        store::insert_all,
    };

    #[tokio::test]
    async fn a_tier_begins_at_exactly_its_threshold() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let cases = [
                (0, "Bronze"),
                (49_999, "Bronze"),
                (50_000, "Silver"),
                (199_999, "Silver"),
                (200_000, "Gold"),
                (499_999, "Gold"),
                (500_000, "Platinum"),
            ];
            let mut customers = Vec::new();
            for (spent, _) in cases {
                let id = customer(&tx, "Jane").await?;
                insert_all(&tx, vec![purchase(id, ago(5), spent)]).await?;
                customers.push(id);
            }

            recompute(&tx, now()).await?;

            for ((spent, expected), id) in cases.into_iter().zip(customers) {
                assert_eq!(tier(&tx, id).await?.0, expected, "{spent}");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn a_tier_is_held_since_the_movement_that_led_to_it() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            let debtor = customer(&tx, "Debtor").await?;
            let purchases = [(90, 30_000), (80, 30_000), (60, 200_000), (40, 10_000)];
            let purchases = purchases.map(|(days, total)| purchase(jane, ago(days), total));
            insert_all(&tx, purchases.to_vec()).await?;
            insert_all(&tx, vec![refund(jane, ago(20), 240_000), refund(debtor, ago(20), 1)]).await?;
            let cases =
                [(85, "Bronze", 300), (80, "Silver", 80), (50, "Gold", 60), (30, "Gold", 60), (0, "Bronze", 20)];

            for (days, name, since) in cases {
                recompute(&tx, ago(days)).await?;
                assert_eq!(tier(&tx, jane).await?, (name.to_owned(), ago(since)), "{days} days ago");
            }
            assert_eq!(tier(&tx, debtor).await?, ("Bronze".to_owned(), ago(300)));
            assert_eq!(settle_tiers(&tx, now(), None).await?, []);
            assert_eq!(enroll(&tx, now(), None).await?, []);
            Ok(())
        })
        .await
    }
}

//! Who is in the dynamic segments: their rules applied to many customers at once.
//!
//! Imports and seeding call [`compute`] for the customers whom they touch; the job finds who is [`misplaced`].

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use entity::{customer, segment, segment_membership};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryResult, QuerySelect, StreamTrait,
    sea_query::{DeleteStatement, Expr, ExprTrait, InsertStatement, OnConflict, Query, SelectStatement},
};
use serde_json::json;
use tokio::try_join;
use uuid::Uuid;

use super::{Changed, built_in::is_scored, reasons::reasons, rules};
use crate::{
    filter::Entry,
    store::{Dialect, Kind, Reading, Values, execute, read_each},
};

/// A customer who entered a segment, or left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The segment.
    pub segment: Uuid,
    /// The customer.
    pub customer: Uuid,
    /// Whether they entered; else they left.
    pub has_entered: bool,
    /// The conditions that decided it, in words; none where nobody is told.
    pub decided_by: Vec<String>,
}

/// Applies the rules of dynamic segments to `customers`, as of the instant of `reading`: those for whom a rule holds
/// enter, those for whom it no longer does leave. Gives both, and tells nobody.
///
/// Deleted customers are in no dynamic segment. Figures come first: see [`crate::customer::metrics::rebuild`].
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn compute(tx: &impl ConnectionTrait, reading: &Reading, customers: &[Uuid]) -> anyhow::Result<Vec<Change>> {
    let book = rules::read(tx, reading).await?;
    let dialect = Dialect::from(tx.get_database_backend());
    let among = Values::Keys(customers.to_vec());
    let mut changes = Vec::new();
    // Nothing that happens to some customers changes their scores.
    for entry in book.entries().filter(|entry| !is_scored(entry)) {
        let (segment, condition) = (entry.key, rules::condition(reading, dialect, &entry.rule)?);
        let within = |column| dialect.among(column, &among);
        let entering = entering(reading, segment, &condition, within)?.returning_col(MEMBER).to_owned();
        let entered = keys(tx.query_all(&entering).await).context("could not add members to a segment")?;
        let leaving = leaving(segment, &condition, within).returning_col(MEMBER).to_owned();
        let left = keys(tx.query_all(&leaving).await).context("could not remove members from a segment")?;
        let places = |customers: &[Uuid]| customers.iter().map(|customer| (segment, *customer)).collect();
        let moved = (&places(&entered), &places(&left));
        let mut reasons = reasons(tx, reading, &book, moved, &Changed::Everything).await?;
        let mut change = |has_entered, customer| {
            let decided_by = reasons.remove(&(segment, customer)).unwrap_or_default();
            changes.push(Change { segment, customer, has_entered, decided_by });
        };
        for customer in entered {
            change(true, customer);
        }
        for customer in left {
            change(false, customer);
        }
    }
    Ok(changes)
}

/// The customers who are in a segment whose rule does not hold for them at the instant of `reading`, or are not in it
/// though its rule does.
///
/// # Errors
/// When the database fails, or a stored rule cannot be read.
pub async fn misplaced(db: &impl StreamTrait, reading: &Reading, segment: &Entry) -> anyhow::Result<BTreeSet<Uuid>> {
    let condition = rules::condition_for_all(reading, Dialect::from(db.get_database_backend()), &segment.rule)?;
    let key = || Expr::col((customer::Entity, customer::Column::Id));
    let member = || Expr::col((segment_membership::Entity, segment_membership::Column::CustomerId));
    let of_segment = Expr::col((segment_membership::Entity, segment_membership::Column::SegmentId)).eq(segment.key);
    let mut members = Query::select();
    members.from(segment_membership::Entity).and_where(of_segment);
    let mut outside = those(&condition);
    let is_member = members.clone().expr(Expr::cust("1")).and_where(member().eq(key())).to_owned();
    outside.expr(key()).and_where(Expr::exists(is_member).not());
    let belongs = those(&condition).expr(Expr::cust("1")).and_where(key().eq(member())).to_owned();
    let wrongly_inside = members.expr(member()).and_where(Expr::exists(belongs).not()).to_owned();
    let read = |select: SelectStatement| {
        read_each(db, db.get_database_backend().build(&select), |row| row.try_get_by_index::<Uuid>(0))
    };
    let found = try_join!(read(outside), read(wrongly_inside));
    let (outside, inside) = found.context("could not tell who is misplaced in a segment")?;
    Ok(outside.into_iter().chain(inside).collect())
}

/// The dynamic segments whose rules were never applied to everyone, each with its version.
///
/// # Errors
/// When the database fails.
pub async fn uncomputed(db: &impl ConnectionTrait) -> anyhow::Result<BTreeMap<Uuid, i32>> {
    let segments: Vec<(Uuid, i32)> = segment::Entity::find()
        .select_only()
        .columns([segment::Column::Id, segment::Column::Version])
        .filter(segment::Column::Rule.is_not_null())
        .filter(segment::Column::ComputedAt.is_null())
        .into_tuple()
        .all(db)
        .await
        .context("could not read which segments were not computed yet")?;
    Ok(segments.into_iter().collect())
}

/// Marks segments as computed at the instant of `reading`, unless they were edited since their rules were read.
///
/// # Errors
/// When the database fails.
pub async fn mark(
    db: &impl ConnectionTrait,
    reading: &Reading,
    segments: impl Iterator<Item = &Entry>,
) -> anyhow::Result<()> {
    let dialect = Dialect::from(db.get_database_backend());
    let computed =
        segments.map(|segment| json!({ "id": segment.key.simple().to_string(), "version": segment.version }));
    let sql = format!(
        "update segment set computed_at = $2 where (id, version) in (select computed.id, computed.version from {} computed)",
        dialect.table_of_records(1, &[("id", Kind::Key), ("version", Kind::Integer)]),
    );
    let parameters = vec![Dialect::records(computed)?, reading.now.timestamp_millis().into()];
    execute(db, &sql, parameters).await.context("could not mark the segments as computed")?;
    Ok(())
}

const MEMBER: segment_membership::Column = segment_membership::Column::CustomerId;

/// Adds those to a segment for whom the condition holds and who are `within` what is meant, given the column of their
/// keys.
fn entering(
    reading: &Reading,
    segment: Uuid,
    condition: &Expr,
    within: impl Fn(Expr) -> Expr,
) -> anyhow::Result<InsertStatement> {
    let key = Expr::col((customer::Entity, customer::Column::Id));
    let mut members = those(condition);
    members.exprs([Expr::val(segment), key.clone(), Expr::val(reading.now.timestamp_millis())]).and_where(within(key));
    let mut insert = Query::insert();
    insert
        .into_table(segment_membership::Entity)
        .columns([segment_membership::Column::SegmentId, MEMBER, segment_membership::Column::Since])
        .select_from(members)?
        .on_conflict(OnConflict::new().do_nothing().to_owned());
    Ok(insert)
}

/// Takes those out of a segment for whom the condition does not hold, as [`entering`].
fn leaving(segment: Uuid, condition: &Expr, within: impl Fn(Expr) -> Expr) -> DeleteStatement {
    let member = Expr::col((segment_membership::Entity, MEMBER));
    let mut members = those(condition);
    members.expr(Expr::cust("1")).and_where(Expr::col((customer::Entity, customer::Column::Id)).eq(member.clone()));
    let mut delete = Query::delete();
    delete
        .from_table(segment_membership::Entity)
        .and_where(Expr::col(segment_membership::Column::SegmentId).eq(segment))
        .and_where(Expr::exists(members).not())
        .and_where(within(member));
    delete
}

/// The keys in the first column of rows.
fn keys(rows: Result<Vec<QueryResult>, DbErr>) -> Result<Vec<Uuid>, DbErr> {
    rows?.iter().map(|row| row.try_get_by_index(0)).collect()
}

/// `select` with no columns yet, from the live customers for whom the condition holds.
fn those(condition: &Expr) -> SelectStatement {
    let mut select = live();
    select.and_where(condition.clone());
    select
}

/// `select` with no columns yet, from the live customers.
pub(super) fn live() -> SelectStatement {
    let mut select = Query::select();
    select.from(customer::Entity).and_where(Expr::col((customer::Entity, customer::Column::DeletedAt)).is_null());
    select
}

#[cfg(test)]
mod tests {
    use sea_orm::DatabaseTransaction;

    use super::*;
    use crate::{
        customer::metrics,
        given::{self, ago, customer, each_store, purchase, refund},
        store::insert_all,
    };

    async fn handles(tx: &DatabaseTransaction, customer: Uuid) -> anyhow::Result<BTreeSet<String>> {
        let memberships = segment_membership::Entity::find()
            .filter(segment_membership::Column::CustomerId.eq(customer))
            .all(tx)
            .await?;
        let segments: Vec<Uuid> = memberships.iter().map(|membership| membership.segment_id).collect();
        let segments = segment::Entity::find().filter(segment::Column::Id.is_in(segments)).all(tx).await?;
        Ok(segments.into_iter().map(|segment| segment.handle).collect())
    }

    #[tokio::test]
    async fn customers_enter_and_leave_as_their_figures_and_time_move() -> anyhow::Result<()> {
        each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = customer(&tx, "Jane").await?;
            let idle = customer(&tx, "Idle").await?;
            insert_all(&tx, vec![purchase(jane, ago(100), 500_000)]).await?;
            insert_all(&tx, vec![refund(jane, ago(50), 400_001)]).await?;
            let cases: [(i64, &[&str]); 4] = [
                (90, &["engagement-active", "spend-premium"]),
                (60, &["engagement-at-risk", "spend-premium"]),
                (50, &["engagement-at-risk", "spend-basic"]),
                (0, &["engagement-inactive", "spend-basic"]),
            ];

            for (days, expected) in cases {
                let reading = Reading { now: ago(days), ..app.reading() };
                metrics::rebuild(&tx, ago(days), None).await?;
                assert!(given::misplaced(&tx, &reading).await?.contains(&jane), "{days} days ago");
                compute(&tx, &reading, &[jane, idle]).await?;
                let expected = expected.iter().map(|&handle| handle.to_owned()).collect();
                assert_eq!(handles(&tx, jane).await?, expected, "{days} days ago");
            }
            assert_eq!(handles(&tx, idle).await?, BTreeSet::from(["spend-basic".to_owned()]));
            assert_eq!(compute(&tx, &app.reading(), &[jane]).await?, []);
            assert_eq!(given::misplaced(&tx, &app.reading()).await?, BTreeSet::new());
            Ok(())
        })
        .await
    }
}

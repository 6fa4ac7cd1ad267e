//! The log: how events are written to it, and in which order they are read.
//!
//! Readers go by `position`, a number without gaps. On SQLite, which has one writer, an event gets it when it is
//! written. On PostgreSQL transactions commit out of order, so that a number drawn while writing could show up after
//! a higher one has been read: there [`number`] gives positions to events that are committed, in the order in which
//! they arrived. A transaction writes its events after it has locked the rows of their customers, so that the events
//! of a customer arrive in the order of `sequence`.

use std::collections::HashMap;

use anyhow::Context;
use entity::{
    event::{self, EventCause},
    term::Term,
};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait};
use serde::Serialize;
use uuid::{Uuid, fmt::Simple};

use super::Tale;
use crate::{
    clock::Clock,
    store::{Database, Dialect, Kind, execute, query},
};

/// Numbering is locked by this number on PostgreSQL: any that is always the same.
const NUMBERING_LOCK: i64 = 0x6576_656e_7400;

/// How many events get their positions in one transaction at most.
const MOST_NUMBERED: i64 = 5_000;

/// On PostgreSQL, where processes tell each other that there are events to read.
pub const CHANNEL: &str = "customers_events";

/// How many events one statement writes at most.
const MOST_APPENDED: usize = 5_000;

/// Who tells events, and why.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who did it.
    pub actor: String,
    /// What brought it about.
    pub cause: EventCause,
}

/// Writes events, in their order, and gives their keys. The rows of their customers are locked.
///
/// # Errors
/// When the database fails.
pub async fn append(
    tx: &impl ConnectionTrait,
    clock: Clock,
    origin: &Origin,
    tales: &[Tale],
) -> anyhow::Result<Vec<Uuid>> {
    let keys: Vec<_> = tales.iter().map(|_| clock.key()).collect();
    for (keys, tales) in keys.chunks(MOST_APPENDED).zip(tales.chunks(MOST_APPENDED)) {
        append_some(tx, origin, keys, tales).await?;
    }
    Ok(keys)
}

async fn append_some(tx: &impl ConnectionTrait, origin: &Origin, keys: &[Uuid], tales: &[Tale]) -> anyhow::Result<()> {
    let dialect = Dialect::from(tx.get_database_backend());
    let mut told: HashMap<Uuid, i64> = HashMap::new();
    let rows = keys.iter().zip(tales).enumerate().map(|(place, (id, tale))| {
        let nth = told.entry(tale.customer).or_default();
        *nth += 1;
        Row {
            place: place + 1,
            nth: *nth,
            id: id.simple(),
            kind: tale.kind.description().name,
            occurred_at: tale.occurred_at.timestamp_millis(),
            customer_id: tale.customer.simple(),
            order_id: tale.order.map(Uuid::simple),
            refund_id: tale.refund.map(Uuid::simple),
            segment_id: tale.segment.map(Uuid::simple),
            program_id: tale.program.map(Uuid::simple),
            tier_id: tale.tier.map(Uuid::simple),
            changed_fields: &tale.changed_fields,
            decided_by: &tale.decided_by,
        }
    });
    let parameters =
        vec![Dialect::records(rows)?, origin.actor.as_str().into(), origin.cause.description().name.into()];
    let (position, order) = match dialect {
        Dialect::Sqlite => {
            ("(select coalesce(max(position), 0) from event where position is not null) + told.place", "")
        }
        // By `arrival`, which counts rows as they come.
        Dialect::Postgres => ("cast(null as bigint)", "order by told.place"),
    };
    let sql = format!(
        "insert into event (id, position, kind, occurred_at, customer_id, sequence,
            order_id, refund_id, segment_id, program_id, tier_id, changed_fields, decided_by, actor, cause)
        select told.id, {position}, told.kind, told.occurred_at, told.customer_id,
            (select coalesce(max(sequence), 0) from event where event.customer_id = told.customer_id) + told.nth,
            told.order_id, told.refund_id, told.segment_id, told.program_id, told.tier_id,
            told.changed_fields, told.decided_by, $2, $3
        from {told} told
        {order}",
        told = dialect.table_of_records(1, &COLUMNS),
    );
    execute(tx, &sql, parameters).await.context("could not write events")?;
    Ok(())
}

/// What [`append`] tells of an event.
#[derive(Serialize)]
struct Row<'a> {
    /// Its place among those that are written together.
    place: usize,
    /// Its place among those of them that are about the same customer.
    nth: i64,
    id: Simple,
    kind: &'static str,
    occurred_at: i64,
    customer_id: Simple,
    order_id: Option<Simple>,
    refund_id: Option<Simple>,
    segment_id: Option<Simple>,
    program_id: Option<Simple>,
    tier_id: Option<Simple>,
    changed_fields: &'a [&'static str],
    decided_by: &'a [String],
}

/// The columns of [`Row`].
const COLUMNS: [(&str, Kind); 13] = [
    ("place", Kind::Integer),
    ("nth", Kind::Integer),
    ("id", Kind::Key),
    ("kind", Kind::Text),
    ("occurred_at", Kind::Integer),
    ("customer_id", Kind::Key),
    ("order_id", Kind::Key),
    ("refund_id", Kind::Key),
    ("segment_id", Kind::Key),
    ("program_id", Kind::Key),
    ("tier_id", Kind::Key),
    ("changed_fields", Kind::Document),
    ("decided_by", Kind::Document),
];

/// Locks the rows of `customers`, in one order for all, so that transactions that tell of the same customers take
/// turns instead of waiting for each other. SQLite has one writer, and nothing to lock.
///
/// # Errors
/// When the database fails.
pub async fn lock(tx: &impl ConnectionTrait, customers: &[Uuid]) -> anyhow::Result<()> {
    let dialect = Dialect::from(tx.get_database_backend());
    if dialect == Dialect::Sqlite || customers.is_empty() {
        return Ok(());
    }
    let sql = format!("select 1 from customer where {} order by id for no key update", dialect.is_among("id", 1));
    execute(tx, &sql, vec![dialect.parameter(customers)]).await.context("could not lock customers")?;
    Ok(())
}

/// Gives a position to committed events that have none, and counts them. There are none on SQLite.
///
/// One process at a time does so. Another waits for it, and then does what is left: whatever was committed before the
/// call has a position afterwards.
///
/// # Errors
/// When the database fails.
pub async fn number(database: &Database) -> anyhow::Result<u64> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(0);
    }
    let sql = "select 1 from event where position is null limit 1";
    if query(database.uncounted_reader(), sql, Vec::new()).await.context("could not read the log of events")?.is_empty()
    {
        return Ok(0);
    }
    let tx = database.begin().await?;
    let lock = format!("select pg_advisory_xact_lock({NUMBERING_LOCK})");
    execute(&tx, &lock, Vec::new()).await.context("could not lock the log of events")?;
    // The lock is held before the statement's snapshot is taken, so that it sees all positions given so far.
    let sql = "
        update event set position = numbered.position
        from (
            select id, (select coalesce(max(position), 0) from event where position is not null)
                + row_number() over (order by arrival) as position
            from (select id, arrival from event where position is null order by arrival limit $1) waiting
        ) numbered
        where event.id = numbered.id";
    let count = execute(&tx, sql, vec![MOST_NUMBERED.into()]).await.context("could not number events")?;
    if count > 0 {
        // Here and not where events are written: transactions that notify commit one after another.
        let notify = format!("notify {CHANNEL}");
        execute(&tx, &notify, Vec::new()).await.context("could not tell other processes of events")?;
    }
    tx.commit().await.context("could not number events")?;
    Ok(count)
}

/// The highest position in the log, 0 if it is empty.
///
/// # Errors
/// When the database fails.
pub async fn head(db: &impl ConnectionTrait) -> anyhow::Result<i64> {
    let head = event::Entity::find()
        .select_only()
        .expr(event::Column::Position.into_expr().max())
        // The index holds no others.
        .filter(event::Column::Position.is_not_null())
        .into_tuple::<Option<i64>>()
        .one(db)
        .await
        .context("could not read the log of events")?;
    Ok(head.flatten().unwrap_or(0))
}

/// At most `limit` events after `position`, in their order.
///
/// # Errors
/// When the database fails.
pub async fn after(db: &impl ConnectionTrait, position: i64, limit: u64) -> anyhow::Result<Vec<event::Model>> {
    event::Entity::find()
        .filter(event::Column::Position.gt(position))
        .order_by_asc(event::Column::Position)
        .limit(limit)
        .all(db)
        .await
        .context("could not read the log of events")
}

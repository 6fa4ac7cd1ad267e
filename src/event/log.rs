//! The log: how events are written to it, and in which order they are read.
//!
//! Readers go by `position`, a number without gaps. On SQLite, which has one writer, an event gets it when it is
//! written. On PostgreSQL transactions commit out of order, so that a number drawn while writing could show up after
//! a higher one has been read: there [`number`] gives positions to events that are committed, in the order in which
//! they arrived. A transaction writes its events after it has locked the rows of their customers, so that the events
//! of a customer arrive in the order of `sequence`.

use anyhow::Context;
use entity::event::{self, EventCause};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait};
use serde_json::json;
use uuid::Uuid;

use super::Tale;
use crate::{
    clock::Clock,
    store::{Database, Dialect, execute},
};

/// Numbering is locked by this number on PostgreSQL: any that is always the same.
const NUMBERING_LOCK: i64 = 0x6576_656e_7400;

/// How many events get their positions in one transaction at most.
const MOST_NUMBERED: i64 = 5_000;

/// On PostgreSQL, where processes tell each other that there are events to read.
pub const CHANNEL: &str = "customers_events";

/// Who tells events, and why.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who did it.
    pub actor: String,
    /// What brought it about.
    pub cause: EventCause,
}

/// Writes events, in their order. The rows of their customers are locked.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &impl ConnectionTrait, clock: Clock, origin: &Origin, tales: &[Tale]) -> anyhow::Result<()> {
    if tales.is_empty() {
        return Ok(());
    }
    let dialect = Dialect::from(tx.get_database_backend());
    let key = |key: Uuid| key.simple().to_string();
    let rows = tales.iter().enumerate().map(|(place, tale)| {
        json!({
            "place": place + 1,
            "id": key(clock.key()),
            "kind": entity::term::Term::description(tale.kind).name,
            "occurred_at": tale.occurred_at.timestamp_millis(),
            "customer_id": key(tale.customer),
            "order_id": tale.order.map(key),
            "refund_id": tale.refund.map(key),
            "segment_id": tale.segment.map(key),
            "program_id": tale.program.map(key),
            "tier_id": tale.tier.map(key),
            "changed_fields": tale.changed_fields,
        })
    });
    let rows = serde_json::Value::Array(rows.collect());
    // The text of the statement is the same however many events there are, so that it is prepared once.
    let (sql, rows) = match dialect {
        Dialect::Sqlite => (APPEND_ON_SQLITE, rows.to_string().into()),
        Dialect::Postgres => (APPEND_ON_POSTGRES, rows.into()),
    };
    let cause = entity::term::Term::description(origin.cause).name;
    let parameters = vec![rows, origin.actor.as_str().into(), cause.into()];
    execute(tx, sql, parameters).await.context("could not write events")?;
    Ok(())
}

const APPEND_ON_SQLITE: &str = "
insert into event (id, position, kind, occurred_at, customer_id, sequence,
    order_id, refund_id, segment_id, program_id, tier_id, changed_fields, actor, cause)
select told.id, (select coalesce(max(position), 0) from event) + told.place, told.kind, told.occurred_at,
    told.customer_id,
    (select coalesce(max(sequence), 0) from event where event.customer_id = told.customer_id)
        + row_number() over (partition by told.customer_id order by told.place),
    told.order_id, told.refund_id, told.segment_id, told.program_id, told.tier_id, told.changed_fields, $2, $3
from (
    select value ->> 'place' as place, unhex(value ->> 'id') as id, value ->> 'kind' as kind,
        value ->> 'occurred_at' as occurred_at, unhex(value ->> 'customer_id') as customer_id,
        unhex(value ->> 'order_id') as order_id, unhex(value ->> 'refund_id') as refund_id,
        unhex(value ->> 'segment_id') as segment_id, unhex(value ->> 'program_id') as program_id,
        unhex(value ->> 'tier_id') as tier_id, value -> 'changed_fields' as changed_fields
    from json_each($1)
) told
where true
order by told.place";

const APPEND_ON_POSTGRES: &str = "
insert into event (id, kind, occurred_at, customer_id, sequence,
    order_id, refund_id, segment_id, program_id, tier_id, changed_fields, actor, cause)
select told.id, told.kind, told.occurred_at, told.customer_id,
    (select coalesce(max(sequence), 0) from event where event.customer_id = told.customer_id)
        + row_number() over (partition by told.customer_id order by told.place),
    told.order_id, told.refund_id, told.segment_id, told.program_id, told.tier_id, told.changed_fields, $2, $3
from jsonb_to_recordset($1) as told (
    place integer, id uuid, kind text, occurred_at bigint, customer_id uuid, order_id uuid, refund_id uuid,
    segment_id uuid, program_id uuid, tier_id uuid, changed_fields jsonb
)
order by told.place";

/// Gives a position to committed events that have none, and counts them. There are none on SQLite.
///
/// One process at a time does so; another that finds it busy leaves it the work.
///
/// # Errors
/// When the database fails.
pub async fn number(database: &Database) -> anyhow::Result<u64> {
    if database.dialect() == Dialect::Sqlite {
        return Ok(0);
    }
    let tx = database.begin().await?;
    let lock = format!("select 1 where pg_try_advisory_xact_lock({NUMBERING_LOCK})");
    if execute(&tx, &lock, Vec::new()).await.context("could not lock the log of events")? == 0 {
        return Ok(0);
    }
    // The lock is held before the statement's snapshot is taken, so that it sees all positions given so far.
    let sql = "
        update event set position = numbered.position
        from (
            select id, (select coalesce(max(position), 0) from event) + row_number() over (order by arrival)
                as position
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

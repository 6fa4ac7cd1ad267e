//! Taking messages that are queued, by a lease: a row says until when somebody is about to send it, and by which lease.
//!
//! Whoever takes rows skips those that are taken, so that no two servers send a message at once; a lease that ran out, since
//! its server was stopped, is taken over.

use std::collections::HashMap;

use anyhow::Context;
use chrono::TimeDelta;
use entity::{
    ChronoUnixTimestampMillis,
    communication::{self, CommunicationChannel, CommunicationPurpose, CommunicationState},
    communication_attempt, customer, loyalty_tier,
    term::Term,
};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryResult,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Automatic, gate, retry::MOST_TRIES, unsubscription::Signer};
use crate::{
    app::App,
    event::log,
    loyalty::tier::ladder,
    store::{Dialect, Kind, Values, execute, insert_all, query},
};

/// How many messages are taken, and sent at once.
const BATCH: usize = 8;

/// How long a message stays with the server that took it: longer than it may take, and than clocks differ.
const LEASE: TimeDelta = TimeDelta::minutes(20);

/// What was taken.
#[derive(Debug)]
pub struct Taken {
    /// How many messages.
    pub count: usize,
    /// Those that may be sent.
    pub letters: Vec<Letter>,
}

/// A message that this server is to send.
#[derive(Debug)]
pub struct Letter {
    /// The message.
    pub row: communication::Model,
    /// Whom it is to.
    pub customer: customer::Model,
    /// The key of this attempt.
    pub attempt: Uuid,
    /// The tier that it tells of; null if it tells of none.
    pub tier: Value,
    /// The link by which the customer gets no more of the kind.
    pub unsubscribe: Option<String>,
}

/// Takes the messages of a channel that have been due for longest, a few, and enters an attempt for each that may be sent.
///
/// # Errors
/// When the database fails.
pub async fn take(app: &App, channel: CommunicationChannel) -> anyhow::Result<Taken> {
    let tx = app.database.begin().await?;
    let rows = lease(app, &tx, channel).await?;
    let count = rows.len();
    let rows = give_up(&tx, rows).await?;
    // Before they are let through: a tier that is taken away meanwhile is known, or held no more.
    let mut tiers = tiers(&tx, &rows).await?;
    let rows = let_through(app, &tx, rows).await?;
    let now = ChronoUnixTimestampMillis(app.clock.now());
    let attempts: Vec<_> = rows
        .iter()
        .map(|row| communication_attempt::Model {
            id: app.clock.key(),
            communication_id: row.id,
            started_at: now,
            ended_at: None,
            outcome: None,
            answer: None,
        })
        .collect();
    let keys: Vec<_> = attempts.iter().map(|attempt| attempt.id).collect();
    insert_all(&tx, attempts).await.context("could not write attempts")?;
    let customers = Values::Keys(rows.iter().map(|row| row.customer_id).collect());
    let customers = customer::Entity::find()
        .filter(app.database.dialect().among(customer::Column::Id.into_expr(), &customers))
        .all(&tx)
        .await
        .context("could not read customers")?;
    let customers: HashMap<_, _> = customers.into_iter().map(|customer| (customer.id, customer)).collect();
    let signer = Signer::of_store(&tx).await?;
    tx.commit().await.context("could not take messages")?;
    let letters = rows.into_iter().zip(keys).filter_map(|(row, attempt)| {
        let customer = customers.get(&row.customer_id)?.clone();
        let link = || signer.link(&app.base, row.customer_id, row.channel);
        let unsubscribe = (row.purpose == CommunicationPurpose::Marketing).then(link);
        let tier = row.event_id.and_then(|event| tiers.remove(&event)).unwrap_or_default();
        Some(Letter { row, customer, attempt, tier, unsubscribe })
    });
    Ok(Taken { count, letters: letters.collect() })
}

/// Leases messages that are due.
async fn lease(
    app: &App,
    tx: &DatabaseTransaction,
    channel: CommunicationChannel,
) -> anyhow::Result<Vec<communication::Model>> {
    // SQLite has one writer, and nobody to skip.
    let skipping = if app.database.dialect() == Dialect::Postgres { "for update skip locked" } else { "" };
    let sql = format!(
        "with due as materialized (
            select id as due_id from communication
            where due_at <= $1 and channel = $4
            order by due_at, id limit {BATCH} {skipping}
        )
        update communication set lease = $2, due_at = $3, tries = tries + 1
        from due where communication.id = due.due_id
        returning *"
    );
    let now = app.clock.now();
    let (until, lease) = ((now + LEASE).timestamp_millis(), app.clock.key());
    let parameters = vec![now.timestamp_millis().into(), lease.into(), until.into(), channel.to_value().into()];
    let rows = query(tx, &sql, parameters).await.context("could not take messages")?;
    let rows = rows.iter().map(|row| communication::Model::from_query_result(row, ""));
    rows.collect::<Result<_, _>>().context("could not read messages")
}

/// Those of `rows` that were not tried too often; the others have failed. Whoever tried them last did not live to tell.
async fn give_up(
    tx: &DatabaseTransaction,
    mut rows: Vec<communication::Model>,
) -> anyhow::Result<Vec<communication::Model>> {
    let spent: Vec<_> = rows.extract_if(.., |row| row.tries > MOST_TRIES).map(|row| row.id).collect();
    if spent.is_empty() {
        return Ok(rows);
    }
    let dialect = Dialect::from(tx.get_database_backend());
    let sql = format!(
        "update communication set state = '{failed}', reason = $2, due_at = null, lease = null where {}",
        dialect.is_among("id", 1),
        failed = CommunicationState::Failed.description().name,
    );
    let parameters = vec![dialect.parameter(&spent), "no attempt came to an end".into()];
    execute(tx, &sql, parameters).await.context("could not give up messages")?;
    Ok(rows)
}

/// Those of `rows` that may still be sent; the others are suppressed.
async fn let_through(
    app: &App,
    tx: &DatabaseTransaction,
    rows: Vec<communication::Model>,
) -> anyhow::Result<Vec<communication::Model>> {
    let advertised = rows.iter().filter(|row| row.purpose == CommunicationPurpose::Marketing);
    let customers: Vec<_> = advertised.map(|row| row.customer_id).collect();
    if customers.is_empty() {
        return hold_back(app, tx, rows, &gate::obstacle_to_leaving()).await;
    }
    // What another server is about to send them can be seen by then, and what they decide meanwhile.
    log::lock(tx, &customers).await?;
    let rows = hold_back(app, tx, rows, &gate::obstacle_to_leaving()).await?;
    hold_back(app, tx, rows, &gate::surplus()).await
}

/// Those of `rows` to which the gate has no `obstacle`; the others are suppressed.
async fn hold_back(
    app: &App,
    tx: &DatabaseTransaction,
    mut rows: Vec<communication::Model>,
    obstacle: &str,
) -> anyhow::Result<Vec<communication::Model>> {
    let dialect = app.database.dialect();
    let keys: Vec<_> = rows.iter().map(|row| row.id).collect();
    let sql = format!(
        "select draft.id, {obstacle} from communication draft
        join customer on customer.id = draft.customer_id
        join store on store.id = 1
        where {is_meant}",
        is_meant = dialect.is_among("draft.id", 2),
    );
    let parameters = vec![app.clock.now().timestamp_millis().into(), dialect.parameter(&keys)];
    let judged = query(tx, &sql, parameters).await.context("could not tell which messages may be sent")?;
    let mut held = HashMap::new();
    for row in judged {
        let obstacle: Option<String> = row.try_get_by_index(1)?;
        held.extend(obstacle.map(|obstacle| anyhow::Ok((row.try_get_by_index::<Uuid>(0)?, obstacle))).transpose()?);
    }
    if held.is_empty() {
        return Ok(rows);
    }
    let records = held.iter().map(|(id, reason)| json!({ "id": id.simple().to_string(), "reason": reason }));
    let sql = format!(
        "update communication set state = '{suppressed}', reason = held.reason, due_at = null, lease = null
        from {} held where communication.id = held.id",
        dialect.table_of_records(1, &[("id", Kind::Key), ("reason", Kind::Text)]),
        suppressed = CommunicationState::Suppressed.description().name,
    );
    execute(tx, &sql, vec![Dialect::records(records)?]).await.context("could not hold back messages")?;
    rows.retain(|row| !held.contains_key(&row.id));
    Ok(rows)
}

/// The tiers that upgrades tell of, with all that members get who hold them, by the event that they follow from.
async fn tiers(tx: &DatabaseTransaction, rows: &[communication::Model]) -> anyhow::Result<HashMap<Uuid, Value>> {
    let upgrades = rows.iter().filter(|row| row.template == Automatic::Upgrade.template());
    let events: Vec<_> = upgrades.filter_map(|row| row.event_id).collect();
    if events.is_empty() {
        return Ok(HashMap::new());
    }
    let dialect = Dialect::from(tx.get_database_backend());
    let context = "could not read tiers";
    let sql = format!(
        "select event.id, tier.id, program.id, program.name
        from event
        join loyalty_tier tier on tier.id = event.tier_id
        join loyalty_program program on program.id = tier.program_id
        where {}",
        dialect.is_among("event.id", 1),
    );
    let rows = query(tx, &sql, vec![dialect.parameter(&events)]).await.context(context)?;
    let reached =
        rows.iter().map(QueryResult::try_get_many_by_index).collect::<Result<Vec<(Uuid, Uuid, Uuid, String)>, _>>()?;
    let programs = Values::Keys(reached.iter().map(|(_, _, program, _)| *program).collect());
    let are_theirs = dialect.among(loyalty_tier::Column::ProgramId.into_expr(), &programs);
    let tiers = loyalty_tier::Entity::find().filter(are_theirs).all(tx).await.context(context)?;
    let reached = reached.into_iter().filter_map(|(event, id, _, program)| {
        let loyalty_tier::Model { name, discount_percent, .. } = tiers.iter().find(|tier| tier.id == id)?;
        let benefits = ladder::benefits(&tiers, id);
        let tier = json!({
            "name": name, "program": program, "discountPercent": discount_percent, "benefits": benefits,
        });
        Some((event, tier))
    });
    Ok(reached.collect())
}

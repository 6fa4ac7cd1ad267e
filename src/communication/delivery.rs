//! Sending: what one server does with the messages that are queued.
//!
//! Messages are taken by a lease: a row says until when somebody is about to send it, and by which lease. Whoever takes
//! rows skips those that are taken, so that no two servers send a message at once; a lease that ran out, since its
//! server was stopped, is taken over. What was handed over is written down at once and message by message, so that
//! little would be sent twice; a receiver knows a message that was by its Message-ID.

use std::{collections::HashMap, time::Duration};

use anyhow::Context;
use backon::{ExponentialBuilder, Retryable};
use chrono::TimeDelta;
use entity::{
    ChronoUnixTimestampMillis,
    communication::{self, Column, CommunicationChannel, CommunicationPurpose, CommunicationState, Entity},
    communication_attempt::{self, AttemptOutcome},
    customer, loyalty_tier,
    term::Term,
};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use rand::{TryRng, rngs::SysRng};
use sea_orm::{
    ActiveEnum, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter,
    QueryResult, sea_query::Expr,
};
use serde_json::{Value, json};
use tokio::{
    select,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Automatic, gate,
    retry::{self, MOST_TRIES},
    unsubscription::Signer,
    writing::{self, Draft, Writing},
};
use crate::{
    app::App,
    event::log,
    loyalty::tier::ladder,
    post::{Handover, Mail, Unsubscription},
    store::{Dialect, Kind, Values, execute, insert_all, query},
};

/// How often queued messages are looked for when nobody rings: those to be tried again, and those of other servers.
const POLL: Duration = Duration::from_secs(5);

/// How many messages are taken, and sent at once.
const BATCH: usize = 8;

/// How many batches of a channel are sent side by side, so that a server that is slow to answer one does not keep back all.
const LANES: usize = 2;

/// How long a message may take to be handed over. A mail server may take ten minutes to answer a letter that it has read
/// (RFC 5321, section 4.5.3.2.6): whoever gives up before sends it again.
const fn patience(channel: CommunicationChannel) -> Duration {
    match channel {
        CommunicationChannel::Email => Duration::from_mins(11),
        CommunicationChannel::Sms => Duration::from_mins(1),
    }
}

/// How long a message stays with the server that took it: longer than it may take, and than clocks differ.
const LEASE: TimeDelta = TimeDelta::minutes(20);

/// Sends what is queued until told to end; what is being sent by then is finished. Ends at once where nothing leaves.
pub async fn run(app: App, ending: CancellationToken) {
    let channels = channels(&app);
    if channels.is_empty() {
        return;
    }
    let mut poll = interval(POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut lanes, mut busy, mut is_failing) = (FuturesUnordered::new(), Vec::new(), false);
    loop {
        select! {
            () = ending.cancelled() => break,
            () = app.post.bell.heard() => {}
            _ = poll.tick() => {}
            Some((channel, sent)) = lanes.next() => {
                busy.extract_if(.., |busy| *busy == channel).next();
                match sent {
                    Ok(()) => is_failing = false,
                    // One line for each outage.
                    Err(error) if !is_failing => {
                        is_failing = true;
                        tracing::warn!(error = format!("{error:#}"), "messages could not be sent; trying again");
                    }
                    Err(_) => {}
                }
                continue;
            }
        }
        for channel in &channels {
            if busy.iter().filter(|busy| *busy == channel).count() < LANES {
                busy.push(*channel);
                lanes.push(async { (*channel, send_all(&app, *channel, &ending).await) });
            }
        }
    }
    while let Some((_, sent)) = lanes.next().await {
        if let Err(error) = sent {
            tracing::warn!(error = format!("{error:#}"), "what became of a message could not be written down");
        }
    }
}

async fn send_all(app: &App, channel: CommunicationChannel, ending: &CancellationToken) -> anyhow::Result<()> {
    while !ending.is_cancelled() && send_due(app, channel, &chance).await? > 0 {}
    Ok(())
}

/// Takes the messages of a channel that have been due for longest, a few, and sends them. Gives how many it took. `chance`,
/// from 0 to 1, says how long those wait that could not be handed over.
///
/// # Errors
/// When the database fails.
pub async fn send_due(
    app: &App,
    channel: CommunicationChannel,
    chance: &(impl Fn() -> f64 + Sync),
) -> anyhow::Result<usize> {
    if !is_due(app, channel).await? {
        return Ok(0);
    }
    let Taken { count, letters } = take(app, channel).await?;
    let sent = join_all(letters.iter().map(|letter| async move {
        let (writing, handover) = deliver(app, letter).await;
        let wait = retry::wait(letter.row.tries, chance());
        // It may have left: what became of it must not be lost to a busy database.
        let record = || record(app, letter, writing.as_ref(), &handover, wait);
        record.retry(ExponentialBuilder::default().with_jitter()).await
    }));
    sent.await.into_iter().collect::<anyhow::Result<()>>()?;
    Ok(count)
}

/// What was taken.
struct Taken {
    /// How many messages.
    count: usize,
    /// Those that may be sent.
    letters: Vec<Letter>,
}

/// A message that this server is to send.
struct Letter {
    row: communication::Model,
    customer: customer::Model,
    /// The key of this attempt.
    attempt: Uuid,
    /// The tier that it tells of; null if it tells of none.
    tier: Value,
    /// The link by which the customer gets no more of the kind.
    unsubscribe: Option<String>,
}

async fn take(app: &App, channel: CommunicationChannel) -> anyhow::Result<Taken> {
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

/// The channels that messages can leave by.
#[must_use]
pub fn channels(app: &App) -> Vec<CommunicationChannel> {
    let mail = app.post.mailer.as_ref().map(|_| CommunicationChannel::Email);
    let text = app.post.gateway.as_ref().map(|_| CommunicationChannel::Sms);
    mail.into_iter().chain(text).collect()
}

/// Whether a message is due that can leave. Asked of a reader, so that nobody waits for a server that looks in vain.
async fn is_due(app: &App, channel: CommunicationChannel) -> anyhow::Result<bool> {
    let sql = "select 1 from communication where due_at <= $1 and channel = $2 limit 1";
    let parameters = vec![app.clock.now().timestamp_millis().into(), channel.to_value().into()];
    let found = query(app.database.uncounted_reader(), sql, parameters).await;
    Ok(!found.context("could not look for messages")?.is_empty())
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

/// Writes a message and hands it over.
async fn deliver(app: &App, letter: &Letter) -> (Option<Writing>, Handover) {
    let Letter { row, customer, tier, unsubscribe, .. } = letter;
    let draft = Draft {
        channel: row.channel,
        template: &row.template,
        subject: row.subject.as_deref(),
        body: row.body.as_deref(),
        tier: tier.clone(),
        unsubscribe: unsubscribe.clone(),
    };
    let writing = match writing::write(&app.post.templates, &draft, customer) {
        Ok(writing) => writing,
        Err(error) => {
            let cause = format!("{error:#}");
            tracing::error!(communication.id = %row.id, template = row.template, cause, "a message could not be written");
            return (None, Handover::refused("the template could not be filled in", Some(cause)));
        }
    };
    let handover = timeout(patience(row.channel), hand_over(app, letter, &writing)).await;
    let handover = handover.unwrap_or_else(|_| Handover::delayed("there was no answer in time", None));
    (Some(writing), handover)
}

async fn hand_over(app: &App, letter: &Letter, writing: &Writing) -> Handover {
    let (row, customer) = (&letter.row, &letter.customer);
    let address = match row.channel {
        CommunicationChannel::Email => customer.email.clone(),
        CommunicationChannel::Sms => customer.telephone_e164.clone(),
    };
    let Some(to) = address else { return Handover::refused(gate::NO_ADDRESS, None) };
    match (row.channel, &app.post.mailer, &app.post.gateway) {
        (CommunicationChannel::Email, Some(mailer), _) => {
            let mail = Mail {
                id: row.id,
                to,
                subject: writing.subject.clone().unwrap_or_default(),
                text: writing.text.clone(),
                html: writing.html.clone(),
                unsubscription: letter.unsubscribe.clone().map(|url| Unsubscription { url }),
            };
            mailer.send(&mail, app.clock.now()).await
        }
        (CommunicationChannel::Sms, _, Some(gateway)) => gateway.send(row.id, &to, &writing.text).await,
        _ => Handover::delayed("nothing leaves by this channel here", None),
    }
}

/// Writes down what became of a message, and of the attempt. A message that another server has taken meanwhile is left
/// to it.
async fn record(
    app: &App,
    letter: &Letter,
    writing: Option<&Writing>,
    handover: &Handover,
    wait: Option<TimeDelta>,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let ended = ChronoUnixTimestampMillis(now);
    let tx = app.database.begin().await?;
    communication_attempt::Entity::update_many()
        .set(communication_attempt::ActiveModel {
            ended_at: sea_orm::Set(Some(ended)),
            outcome: sea_orm::Set(Some(handover.outcome)),
            answer: sea_orm::Set(handover.answer.clone()),
            ..Default::default()
        })
        .filter(communication_attempt::Column::Id.eq(letter.attempt))
        .exec(&tx)
        .await
        .context("could not write down an attempt")?;
    let state = match (handover.outcome, wait) {
        (AttemptOutcome::Accepted, _) => CommunicationState::Sent,
        (AttemptOutcome::Delayed, Some(_)) => CommunicationState::Queued,
        (AttemptOutcome::Delayed, None) | (AttemptOutcome::Refused, _) => CommunicationState::Failed,
    };
    let due_at = wait.filter(|_| state == CommunicationState::Queued).map(|wait| (now + wait).timestamp_millis());
    let mut update = Entity::update_many()
        .col_expr(Column::State, Expr::val(state.to_value()))
        .col_expr(Column::DueAt, Expr::val(due_at))
        .col_expr(Column::Lease, Expr::val(Option::<Uuid>::None))
        .filter(Column::Id.eq(letter.row.id))
        .filter(Column::Lease.eq(letter.row.lease));
    if state == CommunicationState::Sent {
        update = update
            .col_expr(Column::SentAt, Expr::val(now.timestamp_millis()))
            .col_expr(Column::Reason, Expr::val(Option::<String>::None));
    } else {
        update = update.col_expr(Column::Reason, Expr::val(handover.summary.clone()));
    }
    if let Some(writing) = writing {
        update = update
            .col_expr(Column::Language, Expr::val(writing.language.clone()))
            .col_expr(Column::Subject, Expr::val(writing.subject.clone()));
    }
    update.exec(&tx).await.context("could not write down what became of a message")?;
    tx.commit().await.context("could not write down what became of a message")
}

/// A number from 0 to 1. Where the machine has no chance to give, messages wait for longest.
fn chance() -> f64 {
    SysRng.try_next_u32().map_or(1.0, |number| f64::from(number) / f64::from(u32::MAX))
}

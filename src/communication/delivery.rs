//! Sending: what one server does with the messages that are queued.
//!
//! They are taken a few at a time (`communication/taking.rs`). What was handed over is written down at once and message by
//! message, so that little would be sent twice; a receiver knows a message that was by its Message-ID.

use std::time::Duration;

use anyhow::Context;
use backon::{ExponentialBuilder, Retryable};
use chrono::TimeDelta;
use entity::{
    ChronoUnixTimestampMillis,
    communication::{Column, CommunicationChannel, CommunicationState, Entity},
    communication_attempt::{self, AttemptOutcome},
};
use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use rand::{TryRng, rngs::SysRng};
use sea_orm::{ActiveEnum, ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use tokio::{
    select,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    gate, retry,
    taking::{Letter, Taken, take},
    writing::{self, Draft, Writing},
};
use crate::{
    app::App,
    post::{Handover, Mail, Unsubscription},
    store::query,
};

/// How often queued messages are looked for when nobody rings: those to be tried again, and those of other servers.
const POLL: Duration = Duration::from_secs(5);

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

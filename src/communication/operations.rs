//! Queueing messages, in the transaction of whatever brings them about.

use anyhow::Context;
use entity::{
    ChronoUnixTimestampMillis,
    communication::{CommunicationState, Entity, Model},
    event::EventCause,
    term::Term,
};
use sea_orm::{EntityTrait, QuerySelect, Value, sea_query::LockType};
use serde_json::json;
use uuid::Uuid;

use super::{Automatic, gate};
use crate::{
    rejection::{Attempt, Rejection, RejectionCode},
    store::{Dialect, Kind, query, update},
    transaction::Transaction,
};

/// How many messages one statement queues at most.
const MOST_QUEUED: usize = 5_000;

/// A message that is to follow from an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// Which message.
    pub message: Automatic,
    /// Whom it is for.
    pub customer: Uuid,
    /// The event.
    pub event: Uuid,
}

/// Queues messages that follow from events, each once; those that may not be sent are kept as suppressed. Nothing
/// follows from what an import tells, and nothing where the store has switched a message off.
///
/// # Errors
/// When the database fails.
pub async fn queue(tx: &Transaction, consequences: &[Consequence]) -> anyhow::Result<()> {
    if tx.origin.cause == EventCause::Import {
        return Ok(());
    }
    let key = |key: Uuid| key.simple().to_string();
    let dialect = tx.dialect();
    let source = follow_up(dialect);
    for consequences in consequences.chunks(MOST_QUEUED) {
        let rows = consequences.iter().map(|Consequence { message, customer, event }| {
            json!({
                "customer_id": key(*customer),
                "event_id": key(*event),
                "template": message.template(),
                "purpose": message.purpose().description().name,
            })
        });
        insert(tx, &source, vec![Dialect::records(rows)?]).await?;
    }
    Ok(())
}

/// `select` of the messages that follow from the events in parameter 2, as [`insert`] reads them.
fn follow_up(dialect: Dialect) -> String {
    let switches =
        Automatic::ALL.map(|message| format!("when '{}' then store.{}", message.template(), message.switch()));
    format!(
        "select told.customer_id, {channel} as channel, told.purpose, told.template, cast(null as text) as subject,
            cast(null as text) as body, told.event_id, cast(null as uuid) as mailing_id
        from {told} told
        join customer on customer.id = told.customer_id
        join store on store.id = 1
        where case told.template {switches} end",
        channel = gate::preferred_channel(),
        switches = switches.join(" "),
        told = dialect.table_of_records(
            2,
            &[("customer_id", Kind::Key), ("event_id", Kind::Key), ("template", Kind::Text), ("purpose", Kind::Text)],
        ),
    )
}

/// Lets the messages that `source` selects through the gate, in one statement: they are queued, or suppressed with the
/// reason. `source` reads `parameters` from number 2 on.
pub(super) async fn insert(tx: &Transaction, source: &str, parameters: Vec<Value>) -> anyhow::Result<()> {
    let sql = format!(
        "insert into communication (id, customer_id, channel, purpose, state, template, subject, body, reason,
            event_id, mailing_id, created_at, due_at)
        select {key}, customer_id, channel, purpose,
            case when reason is null then '{queued}' else '{suppressed}' end, template, subject, body, reason,
            event_id, mailing_id, cast($1 as bigint), case when reason is null then cast($1 as bigint) end
        from ({judged}) judged
        where true
        on conflict do nothing
        returning customer_id",
        key = tx.dialect().new_key(tx.now),
        queued = CommunicationState::Queued.description().name,
        suppressed = CommunicationState::Suppressed.description().name,
        judged = judged(source),
    );
    let parameters = std::iter::once(tx.now.timestamp_millis().into()).chain(parameters).collect();
    let rows = query(&*tx.db, &sql, parameters).await.context("could not queue messages")?;
    let customers = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<Vec<Uuid>, _>>();
    tx.note_messages(customers.context("could not queue messages")?);
    Ok(())
}

/// `select` of the messages that `source` selects, each with the reason for which the gate holds it back, null if it
/// does not. The instant is parameter 1.
pub(super) fn judged(source: &str) -> String {
    format!(
        "select draft.*, {reason} as reason
        from ({source}) draft
        join customer on customer.id = draft.customer_id
        join store on store.id = 1",
        reason = gate::obstacle_to_queueing(),
    )
}

/// Queues a message again that failed.
///
/// # Errors
/// When there is no such message, it did not fail, or it has expired.
pub async fn retry(tx: &Transaction, communication: Uuid) -> Attempt<Uuid> {
    const PATH: &str = "input.id";
    let row = Entity::find_by_id(communication).lock(LockType::NoKeyUpdate).one(&*tx.db).await;
    let row = row.context("could not read a message")?.ok_or_else(|| Rejection::not_found(PATH, "message"))?;
    if row.state != CommunicationState::Failed {
        let message = format!("id: expected a message that failed; this one is {}", row.state.description().name);
        return Err(Rejection::new(RejectionCode::NotAllowed, PATH, message).into());
    }
    if is_expired(tx, communication).await? {
        let message = "id: expected a message that is not expired: it would be held back";
        return Err(Rejection::new(RejectionCode::NotAllowed, PATH, message).into());
    }
    let due_at = Some(ChronoUnixTimestampMillis(tx.now));
    let after = Model { state: CommunicationState::Queued, reason: None, tries: 0, due_at, ..row.clone() };
    update(&*tx.db, &row, &after).await.context("could not queue a message again")?;
    tx.note_messages([row.customer_id]);
    Ok(communication)
}

async fn is_expired(tx: &Transaction, communication: Uuid) -> anyhow::Result<bool> {
    let sql = format!(
        "select 1 from communication draft join store on store.id = 1 where draft.id = $2 and {}",
        gate::is_expired(),
    );
    let parameters = vec![tx.now.timestamp_millis().into(), communication.into()];
    Ok(!query(&*tx.db, &sql, parameters).await.context("could not tell whether a message has expired")?.is_empty())
}

#[cfg(test)]
mod tests {
    use entity::customer;
    use sea_orm::{ActiveEnum, ActiveModelTrait, IntoActiveModel, QueryOrder, Set};

    use super::*;
    use crate::{
        app::App, communication::gate::NO_CONSENT, event::log::Origin, given, reactions::transact_as, store::execute,
    };

    /// A customer with an e-mail address, and with consent to marketing or without.
    async fn customer(app: &App, name: &str, is_willing: bool) -> anyhow::Result<Uuid> {
        let tx = app.database.begin().await?;
        let id = given::customer(&tx, name).await?;
        let row = customer::Entity::find_by_id(id).one(&tx).await?.expect("a customer");
        let mut row = row.into_active_model();
        row.email = Set(Some(format!("{name}@example.com")));
        row.update(&tx).await?;
        if is_willing {
            let sql = "insert into consent (id, customer_id, channel, purpose, state, source, decided_at, created_at)
                values ($1, $1, 'EMAIL', 'MARKETING', 'GRANTED', 'test', 0, 0)";
            execute(&tx, sql, vec![id.into()]).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    async fn follow(app: &App, cause: EventCause, consequences: &[Consequence]) -> anyhow::Result<()> {
        let origin = Origin { actor: "test".to_owned(), cause };
        let queueing = transact_as(app, &origin, |tx| async move {
            queue(&tx, consequences).await?;
            Ok(())
        });
        queueing.await.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
    }

    /// Whom each message is for, its state and the reason, in the order of the customers.
    async fn fates(app: &App) -> anyhow::Result<Vec<(Uuid, String, Option<String>)>> {
        let rows = Entity::find().order_by_asc(entity::communication::Column::CustomerId);
        let rows = rows.all(app.database.reader()).await?;
        Ok(rows.into_iter().map(|row| (row.customer_id, row.state.to_value(), row.reason)).collect())
    }

    #[tokio::test]
    async fn whoever_is_about_to_leave_is_written_to_once_and_with_consent() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let willing = customer(&app, "Jane", true).await?;
            let unwilling = customer(&app, "John", false).await?;
            let event = app.clock.key();
            let consequence = |customer| Consequence { message: Automatic::ReEngagement, customer, event };
            let other = Consequence { event: app.clock.key(), ..consequence(unwilling) };
            let consequences = [consequence(willing), other];

            follow(&app, EventCause::Import, &consequences).await?;
            assert_eq!(fates(&app).await?, []);
            let switch = "update store set sends_re_engagement = $1";
            execute(app.database.writer(), switch, vec![false.into()]).await?;
            follow(&app, EventCause::Job, &consequences).await?;
            assert_eq!(fates(&app).await?, []);
            execute(app.database.writer(), switch, vec![true.into()]).await?;
            for _ in 0..2 {
                follow(&app, EventCause::Job, &consequences).await?;
            }

            let mut expected = [
                (willing, "QUEUED".to_owned(), None),
                (unwilling, "SUPPRESSED".to_owned(), Some(NO_CONSENT.to_owned())),
            ];
            expected.sort();
            assert_eq!(fates(&app).await?, expected);
            Ok(())
        })
        .await
    }
}

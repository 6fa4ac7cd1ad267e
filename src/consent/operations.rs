//! Recording what customers decided about messages.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis,
    communication::{CommunicationChannel, CommunicationPurpose},
    consent::{Column, ConsentState, Entity, Model},
    customer,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait};
use uuid::Uuid;

use super::input::ConsentRecordInput;
use crate::{
    check::Check,
    customer::row,
    event::{Event, log},
    rejection::{Attempt, RejectionCode},
    store::{insert_all, update},
    transaction::Transaction,
};

/// What a customer decided, and how it is known.
struct Decision {
    channel: CommunicationChannel,
    purpose: CommunicationPurpose,
    state: ConsentState,
    wording_version: Option<String>,
    source: String,
}

/// Records a decision, and lets the customer's opt-in follow the latest.
///
/// # Errors
/// When there is no such customer, or something of what is said is wrong.
pub async fn record(tx: &Transaction, customer: Uuid, input: &ConsentRecordInput) -> Attempt<Uuid> {
    let customer = row::lock(tx, customer, "input.customer").await?;
    let mut check = Check::default();
    let source = check.text_within("input.source", &input.source, 200);
    let wording_version = input.wording_version.as_ref();
    let wording_version = wording_version.map(|text| check.text_within("input.wordingVersion", text, 100));
    if input.at.is_some_and(|at| at.0 > tx.now) {
        check.reject(RejectionCode::Invalid, "input.at", "at: expected an instant not after now");
    }
    check.done()?;
    let decided_at = match input.at {
        Some(at) => at.0,
        None => decided_now(tx, customer.id).await?,
    };
    let (channel, purpose, state) = (input.channel, input.purpose, input.state);
    Ok(write(tx, &customer, Decision { channel, purpose, state, wording_version, source }, decided_at).await?)
}

/// Withdraws consent to marketing by a channel, unless there is none. Also that of a customer who is deleted, who may
/// be restored.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(tx: &Transaction, customer: Uuid, channel: CommunicationChannel, source: &str) -> Attempt<()> {
    log::lock(&*tx.db, &[customer]).await?;
    let Some(row) = row::find(tx, customer).await? else { return Ok(()) };
    let is_allowed = match channel {
        CommunicationChannel::Email => row.email_opt_in,
        CommunicationChannel::Sms => row.sms_opt_in,
    };
    if is_allowed {
        let (purpose, state) = (CommunicationPurpose::Marketing, ConsentState::Withdrawn);
        let decision = Decision { channel, purpose, state, wording_version: None, source: source.to_owned() };
        let decided_at = decided_now(tx, row.id).await?;
        write(tx, &row, decision, decided_at).await?;
    }
    Ok(())
}

/// The instant of what a customer, whose row is locked, decides now: after all that they decided before, whichever clock
/// that was told by, and whichever transaction waited for the other.
///
/// # Errors
/// When the database fails.
pub async fn decided_now(tx: &Transaction, customer: Uuid) -> anyhow::Result<DateTime<Utc>> {
    let latest = Entity::find()
        .select_only()
        .expr(Column::DecidedAt.into_expr().max())
        .filter(Column::CustomerId.eq(customer))
        .into_tuple::<Option<ChronoUnixTimestampMillis>>()
        .one(&*tx.db)
        .await
        .context("could not read the latest consent")?;
    let next = latest.flatten().map(|latest| latest.0 + TimeDelta::milliseconds(1));
    Ok(next.filter(|next| *next > tx.now).unwrap_or(tx.now))
}

/// Enters a decision, and lets the opt-in follow.
async fn write(
    tx: &Transaction,
    customer: &customer::Model,
    decision: Decision,
    decided_at: DateTime<Utc>,
) -> anyhow::Result<Uuid> {
    let Decision { channel, purpose, state, wording_version, source } = decision;
    let consent = Model {
        id: tx.key(),
        customer_id: customer.id,
        channel,
        purpose,
        state,
        wording_version,
        source,
        decided_at: ChronoUnixTimestampMillis(decided_at),
        created_at: ChronoUnixTimestampMillis(tx.now),
    };
    let id = consent.id;
    insert_all(&*tx.db, vec![consent]).await.context("could not record consent")?;
    let mut changed = vec!["consents"];
    if purpose == CommunicationPurpose::Marketing {
        changed.extend(settle(tx, customer, channel).await?);
    }
    tx.emit(Event::CustomerUpdated { customer: customer.id, changed });
    Ok(id)
}

/// Lets the opt-in of a channel follow the latest decision about marketing. Gives its name if it changed.
async fn settle(
    tx: &Transaction,
    customer: &customer::Model,
    channel: CommunicationChannel,
) -> anyhow::Result<Option<&'static str>> {
    let latest = Entity::find()
        .filter(Column::CustomerId.eq(customer.id))
        .filter(Column::Channel.eq(channel))
        .filter(Column::Purpose.eq(CommunicationPurpose::Marketing))
        .order_by_desc(Column::DecidedAt)
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .one(&*tx.db)
        .await
        .context("could not read the latest consent")?;
    let is_allowed = latest.is_some_and(|latest| latest.state == ConsentState::Granted);
    let mut after = customer.clone();
    let (opt_in, name) = match channel {
        CommunicationChannel::Email => (&mut after.email_opt_in, "emailOptIn"),
        CommunicationChannel::Sms => (&mut after.sms_opt_in, "smsOptIn"),
    };
    if *opt_in == is_allowed {
        return Ok(None);
    }
    *opt_in = is_allowed;
    update(&*tx.db, customer, &after).await.context("could not write the opt-in of a customer")?;
    Ok(Some(name))
}

#[cfg(test)]
mod tests {
    use async_graphql::MaybeUndefined;

    use super::*;
    use crate::{
        app::App,
        clock::Clock,
        customer::{input::CustomerFacts, operations::update as edit},
        given::{self, origin},
        reactions::transact_as,
    };

    #[tokio::test]
    async fn what_was_decided_last_holds_whatever_the_clocks_say() -> anyhow::Result<()> {
        given::each_store(async |app| {
            let tx = app.database.begin().await?;
            let jane = given::customer(&tx, "Jane").await?;
            tx.commit().await?;
            let ahead = App { clock: Clock::Fixed(given::now() + TimeDelta::seconds(2)), ..app.clone() };

            let origin = origin();
            for (app, is_allowed) in [(&ahead, true), (&app, false)] {
                let facts =
                    CustomerFacts { email_opt_in: MaybeUndefined::Value(is_allowed), ..CustomerFacts::default() };
                let facts = &facts;
                let edited = transact_as(app, &origin, |tx| async move { edit(&tx, jane, facts, None).await });
                edited.await.expect("it is written");
            }

            let row = customer::Entity::find_by_id(jane).one(app.database.reader()).await?.context("the customer")?;
            let latest = Entity::find().order_by_desc(Column::DecidedAt).one(app.database.reader()).await?;
            assert_eq!((row.email_opt_in, latest.map(|latest| latest.state)), (false, Some(ConsentState::Withdrawn)));
            Ok(())
        })
        .await
    }
}

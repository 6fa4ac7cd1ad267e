//! Communications at the root of mutations.

use anyhow::Context as _;
use async_graphql::{Context, ID, Object};
use entity::communication::{self, CommunicationState};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, sea_query::Expr};

use super::{
    Communication,
    input::{CommunicationRetryInput, CommunicationSendInput, CommunicationSettingsUpdateInput},
    mailing::{self, Mailing},
    operations,
    settings::{self, CommunicationSettings},
};
use crate::{
    app::App,
    customer::Customer,
    failure::Outcome,
    graphql::{Written, key_of, payload},
    reactions::transact,
    rejection::Rejection,
    semantics::Resource,
};

payload! {
    /// The message that was queued again, or why it was not.
    CommunicationPayload {
        /// The message as it is now. Null when it was not queued.
        communication: Communication
    }
}

/// What became of a mailing, or why nothing was sent.
#[derive(Clone, Debug)]
pub struct CommunicationSendPayload(Written);

/// What the store settles now, or why it was not changed.
#[derive(Clone, Debug)]
pub struct CommunicationSettingsPayload(Written);

/// The mutations of communications.
#[derive(Clone, Copy, Debug, Default)]
pub struct CommunicationMutation;

#[Object]
impl CommunicationMutation {
    /// Sends a message to a customer, or to those of a segment: at most 5,000 at once, and on from `last` for more. It
    /// is queued for those to whom it may go, and kept as `SUPPRESSED` for the others; it leaves after this is
    /// committed.
    async fn communication_send(
        &self,
        ctx: &Context<'_>,
        input: CommunicationSendInput,
    ) -> Option<Outcome<CommunicationSendPayload>> {
        transact(ctx, &input, |tx, input| async move {
            let mailing = Mailing::new(ctx, &*tx.db, input).await?;
            mailing::send(&tx, &mailing).await
        })
        .await
    }

    /// Queues a message again that failed. Whether it may be sent is told anew when it is.
    async fn communication_retry(
        &self,
        ctx: &Context<'_>,
        input: CommunicationRetryInput,
    ) -> Option<Outcome<CommunicationPayload>> {
        transact(ctx, &input, |tx, input| async move {
            operations::retry(&tx, key_of::<Communication>(ctx, "input.id", &input.id)?).await
        })
        .await
    }

    /// Settles which messages follow from events, and how much marketing a customer gets. Messages that are queued
    /// already stay so.
    async fn communication_settings_update(
        &self,
        ctx: &Context<'_>,
        input: CommunicationSettingsUpdateInput,
    ) -> Option<Outcome<CommunicationSettingsPayload>> {
        transact(ctx, &input, |tx, input| async move { settings::update(&tx, input).await }).await
    }
}

impl From<Written> for CommunicationSendPayload {
    fn from(written: Written) -> Self {
        Self(written)
    }
}

/// What became of a mailing, or why nothing was sent.
#[Object]
impl CommunicationSendPayload {
    /// How many messages were queued. 0 when nothing was sent.
    async fn queued(&self, ctx: &Context<'_>) -> Option<Outcome<u64>> {
        Some(self.count(ctx, communication::Column::State.ne(CommunicationState::Suppressed)).await)
    }

    /// How many messages were held back, each kept with its reason. 0 when nothing was sent.
    async fn suppressed(&self, ctx: &Context<'_>) -> Option<Outcome<u64>> {
        Some(self.count(ctx, communication::Column::State.eq(CommunicationState::Suppressed)).await)
    }

    /// The last customer whom it was for, in the order of keys: with this as `after`, it goes on with those of the
    /// segment who come next. Null when it was for nobody, and so when all have been reached.
    async fn last(&self, ctx: &Context<'_>) -> Option<Outcome<ID>> {
        self.last_reached(ctx).await.transpose()
    }

    /// Why nothing was sent. Empty when it was.
    async fn user_errors(&self) -> &[Rejection] {
        &self.0.errors
    }
}

impl CommunicationSendPayload {
    /// How many of the messages fulfil a condition.
    async fn count(&self, ctx: &Context<'_>, condition: Expr) -> Outcome<u64> {
        let Some(mailing) = self.0.key else { return Ok(0) };
        let messages = communication::Entity::find().filter(communication::Column::MailingId.eq(mailing));
        Ok(messages.filter(condition).count(ctx.data_unchecked::<App>().database.reader()).await?)
    }

    async fn last_reached(&self, ctx: &Context<'_>) -> Outcome<Option<ID>> {
        let Some(mailing) = self.0.key else { return Ok(None) };
        let app = ctx.data_unchecked::<App>();
        let last = communication::Entity::find()
            .filter(communication::Column::MailingId.eq(mailing))
            .order_by_desc(communication::Column::CustomerId)
            .one(app.database.reader())
            .await
            .context("could not read the messages of a mailing")?;
        Ok(last.map(|last| ID(app.base.node(Customer::DESCRIPTION.collection, last.customer_id))))
    }
}

impl From<Written> for CommunicationSettingsPayload {
    fn from(written: Written) -> Self {
        Self(written)
    }
}

/// What the store settles now, or why it was not changed.
#[Object]
impl CommunicationSettingsPayload {
    /// What the store settles now.
    async fn settings(&self, ctx: &Context<'_>) -> Option<Outcome<CommunicationSettings>> {
        Some(settings::settings(ctx).await)
    }

    /// Why nothing was changed. Empty when it was.
    async fn user_errors(&self) -> &[Rejection] {
        &self.0.errors
    }
}

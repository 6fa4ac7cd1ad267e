//! What a mailing would do, and say.

use anyhow::Context as _;
use async_graphql::{Context, ID, SimpleObject};
use chrono::{DateTime, Utc};
use entity::communication::CommunicationPurpose;
use sea_orm::{ConnectionTrait, EntityTrait, QueryResult};
use uuid::Uuid;

use super::{
    input::CommunicationSendInput,
    mailing::Mailing,
    operations::judged,
    unsubscription::Signer,
    writing::{Draft, write},
};
use crate::{
    app::App,
    auth::Viewer,
    customer::Customer,
    failure::{Failure, Outcome},
    rejection::{Refusal, Rejection},
    semantics::Resource,
    store::{Reading, query},
};

/// What `communicationSend` would do.
#[derive(Clone, Debug, Default, SimpleObject)]
pub struct CommunicationPreview {
    /// How many messages would be queued.
    queued: i64,
    /// Those that would be held back, by the reason.
    suppressed: Vec<CommunicationSuppression>,
    /// The first of the messages that would be queued. Null if none would be.
    sample: Option<CommunicationSample>,
    /// Why nothing would be sent. Empty when it would.
    user_errors: Vec<Rejection>,
}

/// Messages that would be held back for the same reason.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommunicationSuppression {
    /// The reason.
    reason: String,
    /// How many messages.
    count: i64,
}

/// A message as it would be sent.
#[derive(Clone, Debug, SimpleObject)]
pub struct CommunicationSample {
    /// The customer who would get it.
    customer: ID,
    /// The language it is in, by BCP 47.
    language: String,
    /// The subject line. Null where the channel has none.
    subject: Option<String>,
    /// The text.
    text: String,
    /// The text as HTML. Null where the channel or the template has none.
    html: Option<String>,
}

/// What a mailing would do.
///
/// # Errors
/// When the input cannot be right, the viewer may not read personal data, or the template cannot be filled in.
pub async fn preview(ctx: &Context<'_>, input: &CommunicationSendInput) -> Outcome<CommunicationPreview> {
    if !ctx.data_unchecked::<Viewer>().reads_personal() {
        return Err(Failure::Forbidden("communicationPreview: it shows personal data".to_owned()));
    }
    let app = ctx.data_unchecked::<App>();
    let db = app.database.reader();
    let mailing = match Mailing::new(ctx, db, input).await {
        Ok(mailing) => mailing,
        Err(Refusal::Rejected(user_errors)) => return Ok(CommunicationPreview { user_errors, ..Default::default() }),
        Err(Refusal::Failed(failure)) => return Err(failure),
    };
    let now = ctx.data_unchecked::<Reading>().now;
    let mut preview = CommunicationPreview::default();
    for row in judge(db, &mailing, now, "select reason, count(*) from", "group by reason order by reason").await? {
        match row.try_get_by_index(0)? {
            None => preview.queued = row.try_get_by_index(1)?,
            Some(reason) => {
                preview.suppressed.push(CommunicationSuppression { reason, count: row.try_get_by_index(1)? });
            }
        }
    }
    let first = "where reason is null order by customer_id limit 1";
    if let Some(row) = judge(db, &mailing, now, "select customer_id from", first).await?.first() {
        preview.sample = Some(sample(app, &mailing, row.try_get_by_index(0)?).await?);
    }
    Ok(preview)
}

/// What the gate says of the messages of a mailing: `select`, the messages, `rest`.
async fn judge(
    db: &impl ConnectionTrait,
    mailing: &Mailing,
    now: DateTime<Utc>,
    select: &str,
    rest: &str,
) -> anyhow::Result<Vec<QueryResult>> {
    let (drafts, parameters) = mailing.drafts(Uuid::nil());
    let sql = format!("{select} ({}) judged {rest}", judged(&drafts));
    let parameters = std::iter::once(now.timestamp_millis().into()).chain(parameters).collect();
    query(db, &sql, parameters).await.context("could not tell who would get a message")
}

async fn sample(app: &App, mailing: &Mailing, customer: Uuid) -> anyhow::Result<CommunicationSample> {
    let db = app.database.reader();
    let row = entity::customer::Entity::find_by_id(customer).one(db).await.context("could not read a customer")?;
    let row = row.context("a customer was deleted meanwhile")?;
    let signer = Signer::of_store(db).await?;
    let link = || signer.link(&app.base, customer, mailing.channel);
    let draft = Draft {
        channel: mailing.channel,
        template: &mailing.template,
        subject: mailing.subject.as_deref(),
        body: mailing.body.as_deref(),
        tier: serde_json::Value::Null,
        unsubscribe: (mailing.purpose == CommunicationPurpose::Marketing).then(link),
    };
    let writing = write(&app.post.templates, &draft, &row)?;
    Ok(CommunicationSample {
        customer: ID(app.base.node(Customer::DESCRIPTION.collection, customer)),
        language: writing.language,
        subject: writing.subject,
        text: writing.text,
        html: writing.html,
    })
}

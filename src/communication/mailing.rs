//! Mailings: messages that somebody sends, to one customer or to those of a segment.

use std::collections::BTreeSet;

use anyhow::Context as _;
use async_graphql::Context;
use entity::{
    communication::{CommunicationChannel, CommunicationPurpose},
    segment,
    term::Term,
};
use sea_orm::{ConnectionTrait, EntityTrait, Value};
use uuid::Uuid;

use super::{
    Automatic,
    input::{CommunicationContentInput, CommunicationRecipientsInput, CommunicationSendInput},
    operations::insert,
    writing::{OWN_TEXT, main_part},
};
use crate::{
    app::App,
    check::Check,
    customer::Customer,
    failure::Outcome,
    graphql::key_of,
    post::Templates,
    rejection::{Attempt, Rejection, RejectionCode},
    segment::Segment,
    transaction::Transaction,
};

/// How many customers of a segment one call sends to at most.
const MOST_RECIPIENTS: usize = 5_000;

/// The longest subject, in characters.
const LONGEST_SUBJECT: usize = 200;

/// Whom a message is sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// A customer.
    Customer(Uuid),
    /// The customers of a segment whose keys are greater than another.
    Segment(Uuid, Uuid),
}

/// A message that is to be sent, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailing {
    /// To whom.
    pub recipients: Recipients,
    /// How it travels.
    pub channel: CommunicationChannel,
    /// What it is for.
    pub purpose: CommunicationPurpose,
    /// What it is written from.
    pub template: String,
    /// Its own subject.
    pub subject: Option<String>,
    /// Its own text.
    pub body: Option<String>,
}

impl Mailing {
    /// The mailing that a client asks for.
    ///
    /// # Errors
    /// When something of it is not what it must be.
    pub async fn new(ctx: &Context<'_>, db: &impl ConnectionTrait, input: &CommunicationSendInput) -> Attempt<Self> {
        let recipients = recipients(ctx, input)?;
        let mut check = Check::default();
        let is_there = match recipients {
            Recipients::Customer(customer) => {
                let customer = entity::customer::Entity::find_by_id(customer).one(db).await;
                let customer = customer.context("could not read a customer")?;
                if input.after.is_some() {
                    check.reject(RejectionCode::Invalid, "input.after", "after: expected only with a segment");
                }
                customer.is_some_and(|customer| customer.deleted_at.is_none())
            }
            Recipients::Segment(segment, _) => {
                let segment = segment::Entity::find_by_id(segment).one(db).await.context("could not read a segment")?;
                segment.is_some_and(|segment| segment.deleted_at.is_none())
            }
        };
        if !is_there {
            check.add(match recipients {
                Recipients::Customer(_) => Rejection::not_found("input.to.customer", "customer"),
                Recipients::Segment(..) => Rejection::not_found("input.to.segment", "segment"),
            });
        }
        let templates = &ctx.data_unchecked::<App>().post.templates;
        let (template, subject, body) = content(&mut check, templates, input);
        check.done()?;
        let (channel, purpose) = (input.channel, input.purpose);
        Ok(Self { recipients, channel, purpose, template, subject, body })
    }

    /// `select` of its messages, as [`insert`] reads them, and the parameters from number 2 on.
    pub(super) fn drafts(&self, id: Uuid) -> (String, Vec<Value>) {
        let (source, keys) = match self.recipients {
            Recipients::Customer(customer) => {
                ("select id as customer_id from customer where id = $8".to_owned(), vec![customer.into()])
            }
            Recipients::Segment(segment, after) => (
                format!(
                    "select membership.customer_id from segment_membership membership
                    join customer on customer.id = membership.customer_id and customer.deleted_at is null
                    where membership.segment_id = $8 and membership.customer_id > $9
                    order by membership.customer_id limit {MOST_RECIPIENTS}"
                ),
                vec![segment.into(), after.into()],
            ),
        };
        let drafts = format!(
            "select recipient.customer_id, cast($3 as text) as channel, cast($4 as text) as purpose,
                cast($5 as text) as template, cast($6 as text) as subject, cast($7 as text) as body,
                cast(null as uuid) as event_id, $2 as mailing_id
            from ({source}) recipient"
        );
        let mut parameters: Vec<Value> = vec![
            id.into(),
            self.channel.description().name.into(),
            self.purpose.description().name.into(),
            self.template.clone().into(),
            self.subject.clone().into(),
            self.body.clone().into(),
        ];
        parameters.extend(keys);
        (drafts, parameters)
    }
}

/// Sends a mailing: queues its messages, or keeps them as suppressed, all in one statement. Gives its key.
///
/// # Errors
/// When the database fails.
pub async fn send(tx: &Transaction, mailing: &Mailing) -> Attempt<Uuid> {
    let id = tx.key();
    let (drafts, parameters) = mailing.drafts(id);
    insert(tx, &drafts, parameters).await?;
    Ok(id)
}

fn recipients(ctx: &Context<'_>, input: &CommunicationSendInput) -> Outcome<Recipients> {
    let after = input.after.as_ref().map(|after| key_of::<Customer>(ctx, "input.after", after)).transpose()?;
    Ok(match &input.to {
        CommunicationRecipientsInput::Customer(id) => {
            Recipients::Customer(key_of::<Customer>(ctx, "input.to.customer", id)?)
        }
        CommunicationRecipientsInput::Segment(id) => {
            Recipients::Segment(key_of::<Segment>(ctx, "input.to.segment", id)?, after.unwrap_or_default())
        }
    })
}

/// The template, the subject and the text.
fn content(
    check: &mut Check,
    templates: &Templates,
    input: &CommunicationSendInput,
) -> (String, Option<String>, Option<String>) {
    let message = match &input.content {
        CommunicationContentInput::Template(name) => {
            let mut names: BTreeSet<_> = templates.names(main_part(input.channel));
            // One needs a text, the other a tier.
            names.remove(OWN_TEXT);
            names.remove(Automatic::Upgrade.template());
            if !names.contains(name.as_str()) {
                let names = names.into_iter().collect::<Vec<_>>().join(", ");
                let message = format!("template: expected one that the channel has: {names}");
                check.reject(RejectionCode::Invalid, "input.content.template", message);
            }
            return (name.clone(), None, None);
        }
        CommunicationContentInput::Message(message) => message,
    };
    let path = "input.content.message";
    let longest = match input.channel {
        CommunicationChannel::Email => 10_000,
        CommunicationChannel::Sms => 1_000,
    };
    let subject_path = format!("{path}.subject");
    let body = check.text_within(&format!("{path}.text"), &message.text, longest);
    match (input.channel, &message.subject) {
        (CommunicationChannel::Email, None) => {
            check.reject(RejectionCode::Required, &subject_path, "subject: expected one, since it is mail");
        }
        (CommunicationChannel::Sms, Some(_)) => {
            check.reject(RejectionCode::Invalid, &subject_path, "subject: expected none, since it is a text message");
        }
        _ => {}
    }
    let subject = message.subject.as_ref().map(|subject| check.text_within(&subject_path, subject, LONGEST_SUBJECT));
    (OWN_TEXT.to_owned(), subject, Some(body))
}

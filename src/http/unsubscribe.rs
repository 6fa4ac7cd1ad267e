//! `/unsubscribe/{token}`: the links by which customers get no more marketing.
//!
//! GET asks and changes nothing, since programs that look at mail follow its links; POST withdraws consent, by the
//! button of the page or by that of a mail program (RFC 8058). The token is all that is needed: it is signed.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use entity::{communication::CommunicationChannel, customer, event::EventCause};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::router::Context;
use crate::{
    communication::{
        unsubscription::Signer,
        writing::{PAGES, page_facts},
    },
    consent,
    event::log::Origin,
    failure::Failure,
    graphql::incident,
    post::Part,
    reactions::transact_as,
    rejection::Refusal,
};

/// Who acts, as events tell it.
const ACTOR: &str = "unsubscribe link";

/// Asks.
pub async fn ask(State(context): State<Context>, Path(token): Path<String>) -> Response {
    answer(&context, &token, PAGES[0], async |_, _| Ok(())).await
}

/// Withdraws consent. One that was withdrawn already stays so.
pub async fn unsubscribe(State(context): State<Context>, Path(token): Path<String>) -> Response {
    let withdraw = async |customer, channel| {
        let origin = Origin { actor: ACTOR.to_owned(), cause: EventCause::Request };
        let withdrawal = transact_as(&context.app, &origin, |tx| async move {
            consent::operations::withdraw(&tx, customer, channel, ACTOR).await
        });
        match withdrawal.await {
            // There is nothing to refuse: who is gone gets nothing either way.
            Ok(()) | Err(Refusal::Rejected(_)) => Ok(()),
            Err(Refusal::Failed(failure)) => Err(failure),
        }
    };
    answer(&context, &token, PAGES[1], withdraw).await
}

/// The page written from `template`, in the language of the customer, once `act` is done.
async fn answer(
    context: &Context,
    token: &str,
    template: &str,
    act: impl AsyncFnOnce(Uuid, CommunicationChannel) -> Result<(), Failure>,
) -> Response {
    match page(context, token, template, act).await {
        Ok(Some(page)) => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
            (headers, page).into_response()
        }
        Ok(None) => (StatusCode::NOT_FOUND, "this link is none of ours; was it copied as a whole?\n").into_response(),
        Err(failure) => {
            let cause = match &failure {
                Failure::Internal(error) => format!("{error:#}"),
                Failure::Malformed(message) | Failure::Forbidden(message) => message.clone(),
            };
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{}\n", incident(&cause))).into_response()
        }
    }
}

async fn page(
    context: &Context,
    token: &str,
    template: &str,
    act: impl AsyncFnOnce(Uuid, CommunicationChannel) -> Result<(), Failure>,
) -> Result<Option<String>, Failure> {
    let app = &context.app;
    let signer = Signer::of_store(app.database.reader()).await?;
    let Some((customer, channel)) = signer.read(token) else { return Ok(None) };
    let row = customer::Entity::find_by_id(customer).one(app.database.reader()).await?;
    let wanted = row.and_then(|row| row.preferred_language);
    let templates = &app.post.templates;
    let language = templates.language(template, Part::Html, wanted.as_deref()).unwrap_or_default();
    act(customer, channel).await?;
    let page = templates.render(language, template, Part::Html, &page_facts(channel))?;
    Ok(Some(page.unwrap_or_default()))
}

//! GraphQL over server-sent events, by the protocol of graphql-sse in "distinct connections mode".
//!
//! A result is an event `next`; `complete` follows the last. The `id` of an event is the cursor from which a
//! subscription can be taken up again: browsers send it back as `Last-Event-ID` by themselves. When the server ends,
//! the stream ends without `complete`, so that clients connect again.

use std::{convert::Infallible, time::Duration};

use async_graphql::ServerError;
use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{
    Stream, StreamExt,
    stream::{self, BoxStream},
};
use serde_json::json;
use tokio::{sync::mpsc, time::timeout};

use super::{
    operation::{self, Step},
    request::Prepared,
    router::Context,
};
use crate::event::Cursor;

/// The media type of streams of events.
pub const MEDIA_TYPE: &str = "text/event-stream";

/// After so long without an event a comment is sent, so that nobody between takes the connection for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(12);

/// Answers an operation, or says why it is not executed: as a stream too, since a browser shows nothing else.
pub fn answer(context: &Context, headers: &HeaderMap, prepared: Result<Prepared, ServerError>) -> Response {
    let Some(place) = context.streams.place() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many streams are open\n").into_response();
    };
    let steps = match prepared {
        Ok(prepared) => operation::run(context, prepared, last_event(headers), place),
        Err(error) => stream::iter([operation::failed(vec![error])]).boxed(),
    };
    let ending = context.streams.ending.clone().cancelled_owned();
    let events = steps.map(|step| event(&step)).chain(stream::iter(["event: complete\ndata:\n\n".to_owned()]));
    let events = keep_alive(events.boxed()).take_until(ending);
    let (sender, mut receiver) = mpsc::channel(1);
    context.streams.tasks.spawn(pump(events, sender, context.streams.patience.send));
    let sent = stream::poll_fn(move |task| receiver.poll_recv(task));
    let headers = [
        (header::CONTENT_TYPE, MEDIA_TYPE),
        (header::CACHE_CONTROL, "no-cache"),
        (header::VARY, "Accept, Authorization"),
    ];
    (headers, Body::from_stream(sent.map(Ok::<_, Infallible>))).into_response()
}

/// Hands events on to the connection. A client that takes none for so long is let go: its stream ends without
/// `complete`, and it connects again with the id of the last event that it has read.
async fn pump(events: impl Stream<Item = String>, sender: mpsc::Sender<String>, patience: Duration) {
    tokio::pin!(events);
    loop {
        let event = tokio::select! {
            () = sender.closed() => return,
            event = events.next() => event,
        };
        let Some(event) = event else { return };
        match timeout(patience, sender.send(event)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => return,
            Err(_) => {
                tracing::info!("a client reads its stream too slowly, and was let go");
                return;
            }
        }
    }
}

/// The header that takes the place of the argument `after`.
fn last_event(headers: &HeaderMap) -> Option<(&'static str, String)> {
    let value = headers.get("last-event-id").filter(|value| !value.is_empty())?;
    // What is no text is no cursor either.
    Some(("Last-Event-ID", value.to_str().unwrap_or_default().to_owned()))
}

/// Writes a step. JSON has no line breaks, so that it is one line of data.
fn event(step: &Step) -> String {
    match step {
        Step::Next(payload) => {
            let id = payload.position.map(|position| format!("id: {}\n", Cursor(position))).unwrap_or_default();
            format!("event: next\n{id}data: {}\n\n", payload.json)
        }
        Step::Failed(errors) => format!("event: next\ndata: {}\n\n", json!({ "errors": errors })),
    }
}

/// Adds comments while there is nothing to send.
fn keep_alive(events: BoxStream<'static, String>) -> impl Stream<Item = String> {
    stream::unfold(events, |mut events| async {
        let event = timeout(KEEP_ALIVE, events.next()).await.unwrap_or_else(|_| Some(":\n\n".to_owned()))?;
        Some((event, events))
    })
}

//! GraphQL over a WebSocket, by the protocol `graphql-transport-ws`, to the letter:
//! <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.
//!
//! A socket is one task that does one thing at a time: while a message is being sent, nothing else is taken from
//! the operations, so that no queue grows. A client that takes no message for [`Patience::send`] is too slow: each of
//! its subscriptions gets an `error` with the cursor to read on from, and the socket is closed with 1013.
//!
//! [`Patience::send`]: super::streams::Patience::send

use std::{collections::HashMap, fmt::Display, sync::Arc, time::Duration};

use async_graphql::ServerError;
use axum::{
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code},
    http::{
        HeaderMap, StatusCode, header,
        uri::{Authority, Uri},
    },
    response::{IntoResponse, Response},
};
use futures_util::{
    SinkExt, StreamExt,
    stream::{AbortHandle, Abortable, BoxStream, SelectAll, once, select_all},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::{
    select,
    sync::Semaphore,
    time::{Instant, interval_at, sleep, timeout},
};

use super::{
    operation::{self, Step, too_slow},
    request::{Parameters, Prepared},
    router::Context,
};
use crate::graphql::{code, coded};

/// The sub-protocol.
const PROTOCOL: &str = "graphql-transport-ws";
/// How many operations may run for a socket at once.
const MOST_OPERATIONS: usize = 100;
/// The largest message that is read: as much as a request by POST may have.
const LARGEST_MESSAGE: usize = 2 * 1024 * 1024;
/// Bytes that are kept for reading, and for writing, by each socket. They are small, as there may be many sockets.
const BUFFER: usize = 1024;

/// How long a client may take to answer that its socket is closed.
const CLOSING: Duration = Duration::from_secs(2);

/// A message of the client.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Incoming {
    ConnectionInit {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Ping {
        payload: Option<Map<String, Value>>,
    },
    Pong {
        #[serde(rename = "payload")]
        _payload: Option<Map<String, Value>>,
    },
    Subscribe {
        id: String,
        payload: Parameters,
    },
    Complete {
        id: String,
    },
}

/// Why a socket ends.
enum End {
    /// It is closed for this reason.
    Close(u16, String),
    /// The client closed it.
    Closed,
    /// The client takes nothing more.
    TooSlow,
    /// The client is gone.
    Gone,
}

/// Opens a socket, if it is not a foreign page that asks: browsers keep none from doing so.
pub fn open(context: Context, headers: &HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    if !is_own_origin(headers) {
        return (StatusCode::FORBIDDEN, "pages of another origin may not open a socket\n").into_response();
    }
    let Some(place) = context.streams.place() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many sockets are open\n").into_response();
    };
    let upgrade = upgrade
        .protocols([PROTOCOL])
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE);
    let is_spoken = upgrade.selected_protocol().is_some();
    let tasks = context.streams.tasks.clone();
    upgrade.on_upgrade(move |socket| {
        tasks.track_future(async move {
            let _place = place;
            let mut conversation = Conversation::new(context, socket);
            let end = if is_spoken {
                conversation.hold().await
            } else {
                End::Close(4406, "Subprotocol not acceptable".to_owned())
            };
            Box::pin(conversation.end(end)).await;
        })
    })
}

/// Whether the page that asks, if it is one, comes from the address that it asks.
fn is_own_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin.as_ref().and_then(Uri::authority).map(Authority::as_str) == host
}

/// An operation that runs.
struct Running {
    abort: AbortHandle,
    /// How far it has come, if it is a subscription.
    position: Option<i64>,
}

/// A step of one of the operations; None when it is complete.
type Told = (Arc<str>, Option<Step>);

struct Conversation {
    context: Context,
    socket: WebSocket,
    is_acknowledged: bool,
    operations: SelectAll<Abortable<BoxStream<'static, Told>>>,
    running: HashMap<Arc<str>, Running>,
    slots: Arc<Semaphore>,
    /// Pings since the client was heard last.
    unanswered: u32,
}

impl Conversation {
    fn new(context: Context, socket: WebSocket) -> Self {
        Self {
            context,
            socket,
            is_acknowledged: false,
            operations: select_all([]),
            running: HashMap::new(),
            slots: Arc::new(Semaphore::new(MOST_OPERATIONS)),
            unanswered: 0,
        }
    }

    /// Talks until there is a reason to end. What is rare is boxed, so that a socket that waits takes little memory.
    async fn hold(&mut self) -> End {
        let patience = self.context.streams.patience;
        let ending = self.context.streams.ending.clone();
        let mut ping = interval_at(Instant::now() + patience.ping, patience.ping);
        let init = sleep(patience.init);
        tokio::pin!(init);
        loop {
            let done = select! {
                () = ending.cancelled() => Err(End::Close(close_code::AWAY, "the server ends".to_owned())),
                () = &mut init, if !self.is_acknowledged => {
                    Err(End::Close(4408, "Connection initialisation timeout".to_owned()))
                }
                _ = ping.tick() => self.ping().await,
                message = self.socket.next() => match message {
                    Some(Ok(message)) => Box::pin(self.hear(message)).await,
                    Some(Err(_)) | None => Err(End::Gone),
                },
                Some((id, step)) = self.operations.next(), if !self.operations.is_empty() => self.tell(id, step).await,
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn ping(&mut self) -> Result<(), End> {
        if self.unanswered == 2 {
            return Err(End::Gone);
        }
        self.unanswered += 1;
        self.send(Message::Ping(Vec::new().into())).await
    }

    async fn hear(&mut self, message: Message) -> Result<(), End> {
        self.unanswered = 0;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(malformed("messages are text")),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(End::Closed),
        };
        // By way of a value, which must be an object: the library would take an array for one.
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(malformed)?;
        match serde_json::from_value(object.into()).map_err(malformed)? {
            Incoming::ConnectionInit { .. } if self.is_acknowledged => {
                Err(End::Close(4429, "Too many initialisation requests".to_owned()))
            }
            Incoming::ConnectionInit { .. } => {
                self.is_acknowledged = true;
                self.say(&json!({ "type": "connection_ack" })).await
            }
            Incoming::Ping { payload: None } => self.say(&json!({ "type": "pong" })).await,
            Incoming::Ping { payload } => self.say(&json!({ "type": "pong", "payload": payload })).await,
            Incoming::Pong { .. } => Ok(()),
            Incoming::Subscribe { .. } if !self.is_acknowledged => Err(End::Close(4401, "Unauthorized".to_owned())),
            Incoming::Subscribe { id, .. } if id.is_empty() => Err(malformed("an id is a text that is not empty")),
            Incoming::Subscribe { id, payload } => self.begin(id.into(), payload).await,
            Incoming::Complete { id } => {
                if let Some(running) = self.running.remove(id.as_str()) {
                    running.abort.abort();
                }
                Ok(())
            }
        }
    }

    async fn begin(&mut self, id: Arc<str>, parameters: Parameters) -> Result<(), End> {
        if self.running.contains_key(&id) {
            return Err(End::Close(4409, format!("Subscriber for {id} already exists")));
        }
        if parameters.query.is_none() {
            return Err(malformed("a subscribe message has a query"));
        }
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            let message = format!("at most {MOST_OPERATIONS} operations may run on a socket at once");
            let error = coded(message, None, code::RATE_LIMITED);
            return self.tell(id, Some(Step::Failed(vec![error]))).await;
        };
        let steps = match Prepared::parse(&self.context.documents, parameters) {
            Ok(prepared) => operation::run(&self.context, prepared, None, slot),
            Err(refusal) => return self.tell(id, Some(operation::failed(refusal.into()))).await,
        };
        let name = Arc::clone(&id);
        let last = (Arc::clone(&id), None);
        let steps = steps.map(move |step| (Arc::clone(&name), Some(step))).chain(once(async { last })).boxed();
        let (abort, registration) = AbortHandle::new_pair();
        self.operations.push(Abortable::new(steps, registration));
        self.running.insert(id, Running { abort, position: None });
        Ok(())
    }

    async fn tell(&mut self, id: Arc<str>, step: Option<Step>) -> Result<(), End> {
        match step {
            Some(Step::Next(payload)) => {
                let message = format!(r#"{{"id":{},"type":"next","payload":{}}}"#, Value::from(&*id), payload.json);
                self.queue(Message::Text(message.into())).await?;
                if let Some(running) = self.running.get_mut(&id) {
                    running.position = payload.position;
                }
                self.flush().await
            }
            Some(Step::Failed(errors)) => {
                self.forget(&id);
                self.say(&failure(&id, &errors)).await
            }
            None => {
                self.forget(&id);
                self.say(&json!({ "id": id, "type": "complete" })).await
            }
        }
    }

    /// Lets go of an operation that has ended.
    fn forget(&mut self, id: &Arc<str>) {
        if let Some(running) = self.running.remove(id) {
            running.abort.abort();
        }
    }

    async fn say(&mut self, message: &Value) -> Result<(), End> {
        self.send(Message::Text(message.to_string().into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        self.queue(message).await?;
        self.flush().await
    }

    /// Hands a message over. From then on it will arrive, if the connection holds.
    async fn queue(&mut self, message: Message) -> Result<(), End> {
        in_time(self.context.streams.patience.send, self.socket.feed(message)).await
    }

    async fn flush(&mut self) -> Result<(), End> {
        in_time(self.context.streams.patience.send, self.socket.flush()).await
    }

    /// Says why the socket ends, and waits for the client to hear it.
    async fn end(mut self, end: End) {
        // Nobody is held up by the subscriptions of this socket any longer.
        self.operations.clear();
        let patience = self.context.streams.patience;
        let close = |code, reason: &str| Message::Close(Some(CloseFrame { code, reason: short(reason) }));
        let (farewell, messages) = match end {
            End::Gone => return,
            End::Closed => (CLOSING, Vec::new()),
            End::Close(code, reason) => (patience.send, vec![close(code, &reason)]),
            End::TooSlow => {
                let positions = self.running.iter().filter_map(|(id, running)| Some((id, running.position?)));
                let errors = positions.map(|(id, position)| failure(id, &[too_slow(position)]).to_string());
                let mut messages: Vec<_> = errors.map(|error| Message::Text(error.into())).collect();
                messages.push(close(close_code::AGAIN, "you read too slowly; subscribe again after the cursors"));
                (patience.farewell, messages)
            }
        };
        let socket = &mut self.socket;
        let saying = async {
            for message in messages {
                socket.send(message).await?;
            }
            Ok(())
        };
        if in_time(farewell, saying).await.is_ok() {
            // To the end of the handshake, which reading answers by itself.
            let _ = timeout(CLOSING, async { while let Some(Ok(_)) = socket.next().await {} }).await;
        }
    }
}

/// Sends within a limit of time.
async fn in_time(limit: Duration, sending: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    match timeout(limit, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::TooSlow),
    }
}

fn malformed(reason: impl Display) -> End {
    End::Close(4400, format!("Invalid message: {reason}"))
}

fn failure(id: &str, errors: &[ServerError]) -> Value {
    json!({ "id": id, "type": "error", "payload": errors })
}

/// As much of a reason as a close frame holds: 123 bytes (RFC 6455, section 5.5).
fn short(reason: &str) -> Utf8Bytes {
    reason[..reason.floor_char_boundary(123)].into()
}

//! New orders, told to everyone who listens by a WebSocket: each event is written once, and sent to all.

use axum::{
    extract::{
        State,
        ws::{Message, Utf8Bytes, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use sea_orm::sqlx::{self, PgPool};
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::{
    self, Receiver, Sender,
    error::{RecvError, TryRecvError},
};

use crate::store::Store;

/// How many events wait for whoever is slow.
const WINDOW: usize = 64;

/// Bytes that each socket keeps.
const BUFFER: usize = 1024;

/// Where events are told.
pub fn channel() -> Sender<Utf8Bytes> {
    broadcast::channel(WINDOW).0
}

#[derive(Serialize)]
struct Next {
    id: &'static str,
    r#type: &'static str,
    payload: serde_json::Value,
}

/// Tells of a new order.
pub fn tell(events: &Sender<Utf8Bytes>) -> anyhow::Result<()> {
    let event = json!({ "name": "$.Order.created", "type": "ORDER_CREATED", "actor": "local", "cause": "REQUEST" });
    let next = Next { id: "1", r#type: "next", payload: json!({ "data": { "customerEvents": event } }) };
    // There may be nobody who listens.
    let _ = events.send(serde_json::to_string(&next)?.into());
    Ok(())
}

/// The events since the last call, in the order in which they arrived, follow those before them. On SQLite they are
/// written so.
const NUMBER: &str = "
    update event set position = numbered.position
    from (
        select id, (select coalesce(max(position), 0) from event where position is not null)
            + row_number() over (order by arrival) as position
        from event where position is null
    ) numbered
    where event.id = numbered.id";

/// Gives new events their positions on PostgreSQL, those that were told of meanwhile together.
pub async fn number(pool: PgPool, mut events: Receiver<Utf8Bytes>) -> anyhow::Result<()> {
    while !matches!(events.recv().await, Err(RecvError::Closed)) {
        while !matches!(events.try_recv(), Err(TryRecvError::Empty | TryRecvError::Closed)) {}
        sqlx::query(NUMBER).execute(&pool).await?;
    }
    Ok(())
}

/// Opens a socket: it acknowledges the first message, and tells of all events after the second.
pub async fn events(State(store): State<Store>, upgrade: WebSocketUpgrade) -> Response {
    let upgrade = upgrade.protocols(["graphql-transport-ws"]).read_buffer_size(BUFFER).write_buffer_size(BUFFER);
    upgrade.on_upgrade(move |mut socket| async move {
        if socket.recv().await.is_some()
            && socket.send(Message::text(r#"{"type":"connection_ack"}"#)).await.is_ok()
            && socket.recv().await.is_some()
        {
            follow(socket, store.events.subscribe()).await;
        }
    })
}

async fn follow(mut socket: WebSocket, mut events: Receiver<Utf8Bytes>) {
    while let Ok(event) = events.recv().await {
        if socket.send(Message::Text(event)).await.is_err() {
            return;
        }
    }
}

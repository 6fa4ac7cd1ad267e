//! A client of `graphql-transport-ws`.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::server::Server;

const PATIENCE: Duration = Duration::from_secs(30);

/// The header that names the sub-protocol.
pub const PROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

/// An open socket.
pub struct Socket {
    /// The socket itself.
    pub stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    /// Opens a socket, and has it acknowledged.
    pub async fn start(server: &Server) -> Self {
        Self::start_at(&server.address.to_string()).await
    }

    /// The same at an address.
    pub async fn start_at(address: &str) -> Self {
        let mut socket = Self::connect(address, &[PROTOCOL]).await.expect("an open socket");
        socket.say(&json!({ "type": "connection_init" })).await;
        assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
        socket
    }

    /// Opens a socket.
    pub async fn open(server: &Server) -> Self {
        Self::connect(&server.address.to_string(), &[PROTOCOL]).await.expect("an open socket")
    }

    /// Opens a socket with these headers.
    pub async fn connect(address: &str, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let mut request = format!("ws://{address}/graphql").into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).expect("a value"));
        }
        connect_async(request).await.map(|(stream, _)| Self { stream })
    }

    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.stream.send(Message::text(message.to_string())).await.expect("an open socket");
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: &str, query: &str, variables: Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(&json!({ "id": id, "type": "subscribe", "payload": payload })).await;
    }

    /// The next message as it was written.
    pub async fn hear_text(&mut self) -> String {
        let hearing = async {
            loop {
                match self.receive().await {
                    Message::Text(text) => return text.to_string(),
                    Message::Ping(_) | Message::Pong(_) => {}
                    other => panic!("no text: {other:?}"),
                }
            }
        };
        // Pings do not count.
        timeout(PATIENCE, hearing).await.expect("a message comes")
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        serde_json::from_str(&self.hear_text().await).expect("JSON")
    }

    /// The event in the next message, which must show one under `field`.
    pub async fn event(&mut self, field: &str) -> Value {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "next", "{message}");
        assert!(message["payload"]["errors"].is_null(), "{message}");
        message["payload"]["data"][field].take()
    }

    /// The first error of the next message, which must tell of one.
    pub async fn error(&mut self) -> Value {
        let mut message = self.hear().await;
        assert_eq!(message["type"], "error", "{message}");
        message["payload"][0].take()
    }

    /// The code and the reason by which the server closes the socket, whatever it says before.
    pub async fn closed(&mut self) -> (u16, String) {
        let hearing = async {
            loop {
                if let Message::Close(frame) = self.receive().await {
                    let frame = frame.expect("a reason");
                    return (frame.code.into(), frame.reason.to_string());
                }
            }
        };
        timeout(PATIENCE, hearing).await.expect("the socket is closed")
    }

    /// Whatever comes next.
    pub async fn receive(&mut self) -> Message {
        let message = timeout(PATIENCE, self.stream.next()).await.expect("something comes");
        message.expect("it is no end").expect("it is no failure")
    }
}

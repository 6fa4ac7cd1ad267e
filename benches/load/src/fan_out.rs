//! What it costs to tell many subscribers of the same events, and how much memory each takes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt, future::try_join_all};
use serde_json::json;
use tokio::{
    net::TcpStream,
    sync::Notify,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    client_async_with_config,
    tungstenite::{
        Message, client::IntoClientRequest, handshake::client::Request, http::HeaderValue, protocol::WebSocketConfig,
    },
};

use crate::{
    Options,
    client::{Connection, Question},
    process::{PRODUCT, Server, serve},
    report::{Report, median},
    sample::Sample,
    workload,
};

/// How many subscribers there are.
pub const SUBSCRIBERS: [usize; 2] = [1_000, 10_000];

/// How many orders are placed in a round; every subscriber is told of each.
const ORDERS: usize = 20;

/// How many sockets are opened at once.
const AT_ONCE: usize = 100;

/// How long all subscribers may take to be told.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is subscribed to: of an event, what every server knows that writes it.
const SUBSCRIPTION: &str = "subscription { customerEvents(types: [ORDER_CREATED]) { name type actor cause } }";

/// What a server did.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Messages delivered per second.
    rate: f64,
    /// Memory that a subscriber takes, in KiB.
    memory: f64,
}

/// Measures both servers, each with its subscribers alone: together they would be more sockets than a process may have.
pub async fn measure(
    options: &Options,
    (name, url): (&str, &str),
    subscribers: usize,
    sample: &Sample,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (mut ratios, mut memories) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let server = serve(&options.server, PRODUCT, url).await?;
        let told = tell(options, &server, subscribers, (sample, "/graphql")).await?;
        drop(server);
        let baseline = serve(&options.baseline, &[], url).await?;
        let baseline_told = tell(options, &baseline, subscribers, (sample, "/events")).await?;
        ratios.push(told.rate / baseline_told.rate);
        memories.push(told.memory);
    }
    report.floor(&format!("deliveries/s to {subscribers}, share"), name, median(ratios.into_iter()), 0.45);
    report.bound(&format!("each of {subscribers} subscribers"), name, median(memories.into_iter()), 32.0, "KiB");
    Ok(())
}

async fn tell(
    options: &Options,
    server: &Server,
    subscribers: usize,
    (sample, path): (&Sample, &str),
) -> anyhow::Result<Told> {
    // Before it is measured, so that what it needs for the first time is there.
    let orders = orders(server, sample, path);
    let mut connection = Connection::open(server.address).await?;
    connection.ask(&orders[0]).await?;

    let before = server.memory()?;
    let (count, goal) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let mut sockets = JoinSet::new();
    for start in (0..subscribers).step_by(AT_ONCE) {
        let opened = (start..subscribers.min(start + AT_ONCE)).map(|_| subscribe(server, path));
        for mut socket in try_join_all(opened).await? {
            let (count, goal) = (Arc::clone(&count), Arc::clone(&goal));
            sockets.spawn(async move {
                while let Some(Ok(message)) = socket.next().await {
                    let is_last =
                        message.is_text() && (count.fetch_add(1, Ordering::Relaxed) + 1) % (subscribers * ORDERS) == 0;
                    if is_last {
                        goal.notify_one();
                    }
                }
            });
        }
    }
    // A subscription begins after its message was taken; there is no answer that says so.
    sleep(Duration::from_secs(2)).await;
    #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52")]
    let (each, messages) = (subscribers as f64, (subscribers * ORDERS) as f64);
    let memory = (server.memory()? - before) * 1024.0 / each;

    let mut rates = Vec::new();
    for round in 0..=options.rounds.div_ceil(2) {
        let started = Instant::now();
        for order in &orders[..ORDERS] {
            connection.ask(order).await?;
        }
        timeout(PATIENCE, goal.notified())
            .await
            .with_context(|| format!("{path} told of {} events, not {messages}", count.load(Ordering::Relaxed)))?;
        if round > 0 {
            rates.push(messages / started.elapsed().as_secs_f64());
        }
    }
    sockets.shutdown().await;
    Ok(Told { rate: median(rates.into_iter()), memory })
}

/// The orders that both place.
fn orders(server: &Server, sample: &Sample, path: &str) -> Vec<Question> {
    let (questions, baseline) =
        workload::write().questions(&sample.at(&server.base()), (&server.base(), &server.base()));
    if path == "/graphql" { questions } else { baseline }
}

type Socket = tokio_tungstenite::WebSocketStream<TcpStream>;

async fn subscribe(server: &Server, path: &str) -> anyhow::Result<Socket> {
    let mut request: Request = format!("ws://{}{path}", server.address).into_client_request()?;
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("graphql-transport-ws"));
    let config = WebSocketConfig::default().read_buffer_size(1024).write_buffer_size(0);
    let stream = TcpStream::connect(server.address).await?;
    let (mut socket, _) = client_async_with_config(request, stream, Some(config)).await?;
    socket.send(Message::text(json!({ "type": "connection_init" }).to_string())).await?;
    let acknowledged = socket.next().await.context("the socket was closed")??;
    anyhow::ensure!(acknowledged.to_text()?.contains("connection_ack"), "{acknowledged}");
    let subscription = json!({ "id": "1", "type": "subscribe", "payload": { "query": SUBSCRIPTION } });
    socket.send(Message::text(subscription.to_string())).await?;
    Ok(socket)
}

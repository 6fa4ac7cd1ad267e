//! Connections that are kept alive, each with one question at a time.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, StatusCode,
    client::conn::http1::{SendRequest, handshake},
    header::{ACCEPT, CONTENT_TYPE, HOST},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How many questions are asked at once.
const CONNECTIONS: usize = 8;

/// A question, ready to be sent.
#[derive(Clone, Debug)]
pub struct Question {
    /// The path.
    pub path: String,
    /// What is posted; a GET if it is nothing.
    pub body: Option<Bytes>,
    /// The media type that is wanted.
    pub accept: &'static str,
}

/// A connection to a server.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_string() })
    }

    /// Asks, and gives the answer, which must be a success.
    pub async fn ask(&mut self, question: &Question) -> anyhow::Result<Bytes> {
        let method = if question.body.is_some() { Method::POST } else { Method::GET };
        let request = Request::builder()
            .method(method)
            .uri(&question.path)
            .header(HOST, &self.host)
            .header(ACCEPT, question.accept)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(question.body.clone().unwrap_or_default()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if status != StatusCode::OK {
            bail!("{}: {status}: {}", question.path, String::from_utf8_lossy(&body));
        }
        Ok(body)
    }
}

/// How many questions were answered, in which time.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// How many.
    pub count: usize,
    /// The time.
    pub time: Duration,
}

/// Asks the questions again and again, several at once, until the time is over.
pub async fn ask_for(address: SocketAddr, questions: &[Question], time: Duration) -> anyhow::Result<Answered> {
    let (next, started) = (AtomicUsize::new(0), Instant::now());
    let ask = async || {
        let mut connection = Connection::open(address).await?;
        let mut count = 0;
        while started.elapsed() < time {
            let index = next.fetch_add(1, Ordering::Relaxed) % questions.len();
            let answer = connection.ask(&questions[index]).await?;
            if answer.windows(9).take(64).any(|part| part == b"\"errors\":") {
                bail!("{}", String::from_utf8_lossy(&answer));
            }
            count += 1;
        }
        anyhow::Ok(count)
    };
    let counts: Vec<usize> =
        try_join_all((0..CONNECTIONS).map(|_| ask())).await.context("a question was not answered")?;
    Ok(Answered { count: counts.into_iter().sum(), time: started.elapsed() })
}

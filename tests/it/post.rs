//! Where messages arrive in tests: a mail server and an SMS gateway on this machine.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, http::HeaderMap, http::StatusCode, routing};
use customers::{
    app::App,
    communication::delivery,
    post::{Gateway, Mailer, Post},
};
use mail_parser::MessageParser;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Notify,
};
use tokio_util::task::AbortOnDropHandle;

use crate::server::post;

/// Sends what is due, a batch of each channel, and gives how many messages that was. What is delayed waits for longest.
pub async fn send_due(app: &App) -> usize {
    let mut count = 0;
    for channel in delivery::channels(app) {
        count += delivery::send_due(app, channel, &|| 1.0).await.expect("a database");
    }
    count
}

/// What arrives, and what is answered to what comes next.
struct Inbox<T> {
    received: Mutex<Vec<T>>,
    answers: Mutex<VecDeque<String>>,
    arrival: Notify,
}

impl<T: Clone> Inbox<T> {
    fn new() -> Self {
        Self { received: Mutex::default(), answers: Mutex::default(), arrival: Notify::new() }
    }

    fn accept(&self, thing: T) {
        self.received.lock().expect("no panic").push(thing);
        self.arrival.notify_waiters();
    }

    fn answer(&self) -> Option<String> {
        let answer = self.answers.lock().expect("no panic").pop_front();
        self.arrival.notify_waiters();
        answer
    }

    async fn wait_for(&self, count: usize) -> Vec<T> {
        loop {
            let arrival = self.arrival.notified();
            let received = self.received.lock().expect("no panic").clone();
            if received.len() >= count {
                return received;
            }
            arrival.await;
        }
    }
}

/// A letter as it arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    /// The address of the envelope.
    pub to: String,
    /// The message, header and body.
    raw: Vec<u8>,
}

impl Letter {
    /// A field of the header, as it is written; empty if there is none.
    pub fn field(&self, name: &str) -> String {
        let message = MessageParser::default().parse(&self.raw).expect("mail");
        message.header_raw(name.to_owned()).unwrap_or_default().trim().to_owned()
    }

    /// The subject.
    pub fn subject(&self) -> String {
        let message = MessageParser::default().parse(&self.raw).expect("mail");
        message.subject().expect("a subject").to_owned()
    }

    /// The plain text, and the HTML.
    pub fn bodies(&self) -> (String, String) {
        let message = MessageParser::default().parse(&self.raw).expect("mail");
        let part = |text: Option<std::borrow::Cow<'_, str>>| text.expect("a part").replace("\r\n", "\n");
        (part(message.body_text(0)), part(message.body_html(0)))
    }
}

/// A mail server that accepts everything, unless it is told what to answer.
pub struct MailServer {
    url: String,
    inbox: Arc<Inbox<Letter>>,
    _running: AbortOnDropHandle<()>,
}

impl MailServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("smtp://{}", listener.local_addr().expect("its address"));
        let inbox = Arc::new(Inbox::new());
        let inboxes = Arc::clone(&inbox);
        let running = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&inboxes)));
            }
        });
        Self { url, inbox, _running: AbortOnDropHandle::new(running) }
    }

    /// What sends to it.
    pub fn post(&self) -> Post {
        let mailer = Mailer::new(&self.url, "Shop <shop@example.org>").expect("a mailer");
        Post { mailer: Some(mailer), ..post() }
    }

    /// Answers so to the recipients that come next, one after the other; after `late `, not before something else is asked.
    pub fn answer(&self, answers: &[&str]) {
        self.inbox.answers.lock().expect("no panic").extend(answers.iter().map(|answer| (*answer).to_owned()));
    }

    /// Waits until all answers are given.
    pub async fn asked(&self) {
        loop {
            let arrival = self.inbox.arrival.notified();
            if self.inbox.answers.lock().expect("no panic").is_empty() {
                return;
            }
            arrival.await;
        }
    }

    /// Everything that arrived, once that is `count` letters.
    pub async fn letters(&self, count: usize) -> Vec<Letter> {
        self.inbox.wait_for(count).await
    }

    /// Everything that arrived.
    pub fn arrived(&self) -> Vec<Letter> {
        self.inbox.received.lock().expect("no panic").clone()
    }
}

/// One connection, by RFC 5321.
async fn converse(stream: TcpStream, inbox: Arc<Inbox<Letter>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut to, mut late) = (String::new(), None);
    stream.write_all(b"220 localhost\r\n").await.ok()?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if let Some(late) = late.take() {
            stream.write_all(format!("{late}\r\n").as_bytes()).await.ok()?;
        }
        let verb = line.get(..4).unwrap_or_default().to_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-localhost\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned(),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let answer = inbox.answer().unwrap_or_else(|| "250 OK".to_owned());
                if let Some(answer) = answer.strip_prefix("late ") {
                    late = Some(answer.to_owned());
                    continue;
                }
                answer
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let raw = data(&mut stream).await?;
                inbox.accept(Letter { to: to.clone(), raw });
                "250 kept".to_owned()
            }
            "QUIT" => "221 bye".to_owned(),
            _ => "250 OK".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// The lines up to a lone dot.
async fn data(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut raw = Vec::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await.ok()?;
        match line.as_slice() {
            b".\r\n" => return Some(raw),
            [b'.', rest @ ..] => raw.extend(rest),
            _ => raw.extend(line),
        }
    }
}

/// A gateway for text messages that accepts everything, unless it is told what to answer.
pub struct SmsGateway {
    url: String,
    inbox: Arc<Inbox<Value>>,
    _running: AbortOnDropHandle<()>,
}

impl SmsGateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/send", listener.local_addr().expect("its address"));
        let inbox = Arc::new(Inbox::new());
        let router = Router::new().route("/send", routing::post(accept)).with_state(Arc::clone(&inbox));
        let running = tokio::spawn(async move { axum::serve(listener, router).await.expect("a server") });
        Self { url, inbox, _running: AbortOnDropHandle::new(running) }
    }

    /// What sends to it.
    pub fn post(&self) -> Post {
        let gateway = Gateway::new(&self.url, Some("secret"), Some("Shop")).expect("a gateway");
        Post { gateway: Some(gateway), ..post() }
    }

    /// Answers so, by status, to the messages that come next, one after the other.
    pub fn answer(&self, answers: &[&str]) {
        self.inbox.answers.lock().expect("no panic").extend(answers.iter().map(|answer| (*answer).to_owned()));
    }

    /// Everything that arrived, refused or not, once that is `count` messages.
    pub async fn messages(&self, count: usize) -> Vec<Value> {
        self.inbox.wait_for(count).await
    }
}

async fn accept(
    State(inbox): State<Arc<Inbox<Value>>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, &'static str) {
    let mut message: Value = serde_json::from_str(&body).expect("JSON");
    for name in ["authorization", "idempotency-key"] {
        message[name] = json!(headers.get(name).and_then(|value| value.to_str().ok()));
    }
    inbox.accept(message);
    let status = inbox.answer().and_then(|status| status.parse().ok());
    (status.unwrap_or(StatusCode::ACCEPTED), "noted")
}

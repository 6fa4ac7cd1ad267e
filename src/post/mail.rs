//! Mail: what it consists of, and how it is handed to an SMTP server.

use std::{error::Error as _, iter::once};

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use entity::communication_attempt::AttemptOutcome;
use http::Uri;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header::HeaderName, header::HeaderValue},
    transport::smtp::{Error, PoolConfig, response::Response},
};
use uuid::Uuid;

use super::Handover;

/// A letter, written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// What it is known by, the same in every attempt.
    pub id: Uuid,
    /// The address that it goes to.
    pub to: String,
    /// The subject, one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML, if it is to have that.
    pub html: Option<String>,
    /// How to get no more of the kind, if that can be chosen.
    pub unsubscription: Option<Unsubscription>,
}

/// How to get no more mail of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscription {
    /// Where to POST, and where a person is asked.
    pub url: String,
}

/// An SMTP server, and whom it is told that mail is from.
#[derive(Clone, Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Unsubscription {
    /// The header fields that tell of it: those of RFC 2369, section 3.2, and of one click, which RFC 8058 allows over
    /// HTTPS only.
    fn fields(&self) -> impl Iterator<Item = (&'static str, String)> {
        let one_click =
            self.url.starts_with("https:").then(|| ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        once(("List-Unsubscribe", format!("<{}>", self.url))).chain(one_click)
    }
}

impl Mailer {
    /// The server at `url`: `smtps://` for TLS from the start, `smtp://…?tls=required` for STARTTLS, with user and
    /// password where it asks for them. `from` is a mailbox, such as `Shop <shop@example.org>`.
    ///
    /// # Errors
    /// When one of them cannot be understood, or a password would be sent to another machine in the clear.
    pub fn new(url: &str, from: &str) -> anyhow::Result<Self> {
        let from =
            from.parse().map_err(|_| anyhow!("expected a mailbox to send from, such as Shop <shop@example.org>"))?;
        // The error may show the URL, which may hold a password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| {
            anyhow!("expected the URL of an SMTP server, such as smtps://USER:PASSWORD@mail.example.org")
        })?;
        let uri: Uri = url.parse().map_err(|_| anyhow!("expected the URL of an SMTP server"))?;
        let has_password = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        let is_local = ["localhost", "127.0.0.1", "[::1]"].contains(&uri.host().unwrap_or_default());
        let is_over_tls = uri.scheme_str() == Some("smtps")
            || uri.query().is_some_and(|query| query.split('&').any(|part| part == "tls=required"));
        if has_password && !is_local && !is_over_tls {
            bail!("a password is sent over TLS only: use smtps://, or smtp://…?tls=required");
        }
        // No connection is used again: one whose letter was given up still waits for the answer to it, and would take that
        // for the answer to the next.
        let transport = transport.pool_config(PoolConfig::new().max_size(0)).build();
        Ok(Self { transport, from })
    }

    /// Hands a letter over.
    pub async fn send(&self, mail: &Mail, now: DateTime<Utc>) -> Handover {
        let Ok(to) = mail.to.parse::<Address>() else {
            return Handover::refused("the address is none that mail can be sent to", None);
        };
        let message = match self.message(mail, to, now) {
            Ok(message) => message,
            Err(error) => return Handover::refused("the mail could not be written", Some(format!("{error:#}"))),
        };
        match self.transport.send(message).await {
            Ok(response) => Handover::new(AttemptOutcome::Accepted, "sent", Some(words(&response))),
            Err(error) => judged(&error),
        }
    }

    fn message(&self, mail: &Mail, to: Address, now: DateTime<Utc>) -> anyhow::Result<Message> {
        let id = format!("<{}@{}>", mail.id, self.from.email.domain());
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .date(now.into())
            .message_id(Some(id))
            // RFC 3834: nobody's vacation is to answer.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        for (name, value) in mail.unsubscription.iter().flat_map(Unsubscription::fields) {
            message = message.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
        }
        let written = match &mail.html {
            Some(html) => message.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone())),
            None => message.singlepart(SinglePart::plain(mail.text.clone())),
        };
        written.context("a part of it is missing")
    }
}

/// What a failure comes to. What the server refuses for good is not tried again; that it does not know who sends is a
/// fault of the configuration (RFC 4954, section 6), and so no fault of the letter.
fn judged(error: &Error) -> Handover {
    let mut answer = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        if !answer.contains(&deeper.to_string()) {
            answer = format!("{answer}: {deeper}");
        }
        cause = deeper.source();
    }
    let answer = Some(answer);
    match error.status() {
        Some(code) if error.is_permanent() && !code.to_string().starts_with("53") => {
            Handover::refused(format!("the mail server refused it with {code}"), answer)
        }
        Some(code) => Handover::delayed(format!("the mail server answered {code}"), answer),
        // It does not speak TLS at the moment, or has no way to log in, as much as it cannot take such a letter.
        None if error.is_client() => Handover::delayed("the mail server cannot take such mail", answer),
        None => Handover::delayed("the mail server could not be spoken to", answer),
    }
}

fn words(response: &Response) -> String {
    once(response.code().to_string()).chain(response.message().map(str::to_owned)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_goes_over_tls_or_stays_on_the_machine() {
        let cases = [
            ("smtp://localhost:2525", true),
            ("smtp://mail.example.org", true),
            ("smtps://jane:secret@mail.example.org", true),
            ("smtp://jane:secret@mail.example.org?tls=required", true),
            ("smtp://jane:secret@127.0.0.1:2525", true),
            ("smtp://jane:secret@[::1]:2525", true),
            ("smtp://jane:secret@mail.example.org", false),
            ("smtp://jane:secret@localhost.example.org", false),
            ("smtp://jane:secret@127.0.0.1.example.org", false),
            ("smtp://jane:secret@mail.example.org/?x=tls=required", false),
            ("smtp://jane:secret@mail.example.org?tls=opportunistic", false),
            ("http://mail.example.org", false),
            ("mail.example.org", false),
        ];

        for (url, is_right) in cases {
            let mailer = Mailer::new(url, "Shop <shop@example.org>");

            assert_eq!(mailer.is_ok(), is_right, "{url}");
            assert!(!mailer.is_err_and(|error| error.to_string().contains("secret")), "{url}");
        }
        assert!(Mailer::new("smtp://localhost", "nobody").is_err());
    }

    #[test]
    fn one_click_is_told_of_over_https_only() {
        let fields = |url: &str| Unsubscription { url: url.to_owned() }.fields().collect::<Vec<_>>();

        // The example of RFC 8058, section 8.1.
        assert_eq!(
            fields("https://example.com/unsubscribe/opaquepart"),
            [
                ("List-Unsubscribe", "<https://example.com/unsubscribe/opaquepart>".to_owned()),
                ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()),
            ]
        );
        assert_eq!(fields("http://a.b/c"), [("List-Unsubscribe", "<http://a.b/c>".to_owned())]);
    }
}

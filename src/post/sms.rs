//! Text messages: how they are handed to a service that sends them.

use anyhow::{Context, bail};
use entity::communication_attempt::AttemptOutcome;
use http::{
    HeaderValue, Method, Request, StatusCode, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::json;
use tokio_util::bytes::Bytes;
use uuid::Uuid;

use super::Handover;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// A service that sends text messages, spoken to over HTTP: `POST` of `{"id", "from", "to", "text"}` as JSON, with the
/// id as `Idempotency-Key` besides. `from` is null unless the store names a sender; `to` is a number by E.164.
#[derive(Clone, Debug)]
pub struct Gateway {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    authorization: Option<HeaderValue>,
    from: Option<String>,
}

impl Gateway {
    /// The service at `url`, which knows the store by `token`.
    ///
    /// # Errors
    /// When one of them cannot be sent, or a token would be sent to another machine in the clear.
    pub fn new(url: &str, token: Option<&str>, from: Option<&str>) -> anyhow::Result<Self> {
        let url: Uri = url.parse().context("expected the URL of an HTTP service")?;
        let is_local = url.host().is_some_and(|host| ["localhost", "127.0.0.1", "[::1]"].contains(&host));
        match url.scheme_str() {
            Some("https") => {}
            Some("http") if token.is_none() || is_local => {}
            Some("http") => bail!("a token is sent over TLS only: use https://"),
            _ => bail!("expected a URL that begins with https:// or http://"),
        }
        let authorization = token.map(|token| {
            let mut value =
                HeaderValue::from_str(&format!("Bearer {token}")).context("the token has strange letters")?;
            value.set_sensitive(true);
            anyhow::Ok(value)
        });
        let connector = HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, url, authorization: authorization.transpose()?, from: from.map(str::to_owned) })
    }

    /// Hands a text message over. `id` is what it is known by, the same in every attempt.
    pub async fn send(&self, id: Uuid, to: &str, text: &str) -> Handover {
        let body = json!({ "id": id, "from": self.from, "to": to, "text": text }).to_string();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", id.to_string());
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = match request.body(Full::new(Bytes::from(body))) {
            Ok(request) => request,
            Err(error) => return Handover::refused("the text message could not be written", Some(error.to_string())),
        };
        let unheard = |error: String| Handover::delayed("the gateway could not be spoken to", Some(error));
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) => return unheard(format!("{:#}", anyhow::Error::new(error))),
        };
        let status = response.status();
        let answer = match Limited::new(response.into_body(), LONGEST_ANSWER).collect().await {
            Ok(body) => String::from_utf8_lossy(&body.to_bytes()).into_owned(),
            // It said what became of the message.
            Err(error) => error.to_string(),
        };
        judged(status, format!("{status} {answer}"))
    }
}

/// What an answer comes to. That the gateway does not know who sends is a fault of the configuration, and so no fault
/// of the message.
fn judged(status: StatusCode, answer: String) -> Handover {
    let code = status.as_u16();
    match status {
        _ if status.is_success() => Handover::new(AttemptOutcome::Accepted, "sent", Some(answer)),
        StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_EARLY
        | StatusCode::TOO_MANY_REQUESTS => Handover::delayed(format!("the gateway answered {code}"), Some(answer)),
        _ if status.is_client_error() => Handover::refused(format!("the gateway refused it with {code}"), Some(answer)),
        _ => Handover::delayed(format!("the gateway answered {code}"), Some(answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_say_whether_to_try_again() {
        use AttemptOutcome::{Accepted, Delayed, Refused};
        let cases = [
            (200, Accepted),
            (202, Accepted),
            (301, Delayed),
            (400, Refused),
            (401, Delayed),
            (404, Delayed),
            (408, Delayed),
            (422, Refused),
            (429, Delayed),
            (500, Delayed),
            (503, Delayed),
        ];

        for (code, outcome) in cases {
            let status = StatusCode::from_u16(code).expect("a status");
            assert_eq!(judged(status, String::new()).outcome, outcome, "{code}");
        }
    }

    #[tokio::test]
    async fn a_token_goes_over_tls_or_stays_on_the_machine() {
        let cases = [
            ("https://sms.example.org/send", Some("secret"), true),
            ("http://sms.example.org/send", None, true),
            ("http://127.0.0.1:9000/send", Some("secret"), true),
            ("http://sms.example.org/send", Some("secret"), false),
            ("https://sms.example.org/send", Some("a\nb"), false),
            ("ftp://sms.example.org", None, false),
            ("sms.example.org", None, false),
        ];

        for (url, token, is_right) in cases {
            assert_eq!(Gateway::new(url, token, None).is_ok(), is_right, "{url}");
        }
    }
}

//! Messages to customers: which are queued, and what they say.

use chrono::{DateTime, TimeDelta, Utc};
use customers::{app::App, clock::Clock};
use serde_json::{Value, json};

use crate::{
    post::{MailServer, send_due},
    server::{Server, post, user_errors},
};

/// What is shown of messages, the latest first.
const SHOWN: &str = "id channel purpose state template subject text language reason sentAt
    event { type } attempts { nodes { outcome answer endedAt } }";

/// A customer with an e-mail address, and what else is said of them.
pub async fn enter(server: &Server, name: &str, facts: Value) -> Value {
    let mut input = json!({ "name": name, "email": format!("{}@example.com", name.to_lowercase()) });
    for (field, value) in facts.as_object().expect("facts") {
        input[field] = value.clone();
    }
    let mut payload = server.mutate("customerCreate", input, "customer { id }").await;
    assert_eq!(payload["userErrors"], json!([]), "{name}");
    payload["customer"]["id"].take()
}

/// The messages to a customer, the latest first.
pub async fn messages(server: &Server, customer: &Value) -> Vec<Value> {
    let fields = server.customer_fields(customer, &format!("communications {{ nodes {{ {SHOWN} }} }}")).await;
    fields["communications"]["nodes"].as_array().expect("nodes").clone()
}

/// Template, state and reason of the messages to a customer, the latest first.
pub async fn fates(server: &Server, customer: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let fate = |message: &Value| {
        let known = |field: &str| text(&message[field]).expect("a word");
        (known("template"), known("state"), text(&message["reason"]))
    };
    messages(server, customer).await.iter().map(fate).collect()
}

pub fn fate(template: &str, state: &str, reason: Option<&str>) -> (String, String, Option<String>) {
    (template.to_owned(), state.to_owned(), reason.map(str::to_owned))
}

/// Waits until a customer's latest message is in this state, by looking at each event of the server's own making: the
/// rows of the database.
pub async fn until(server: &Server, customer: &Value, state: &str) -> Value {
    loop {
        let message = messages(server, customer).await.swap_remove(0);
        if message["state"] == state {
            return message;
        }
        tokio::task::yield_now().await;
    }
}

/// Sends to a customer or a segment.
pub async fn send(server: &Server, input: Value) -> Value {
    server.mutate("communicationSend", input, "queued suppressed last").await
}

pub fn mailing(to: &Value, purpose: &str) -> Value {
    json!({
        "to": to, "channel": "EMAIL", "purpose": purpose,
        "content": { "message": { "subject": "News", "text": "One <b>\n\nTwo" } },
    })
}

/// What a mailing would do.
pub async fn preview(server: &Server, input: &Value) -> Value {
    let query = "query ($input: CommunicationSendInput!) { communicationPreview(input: $input) {
      queued suppressed { reason count } sample { customer language subject text html } userErrors { code field }
    } }";
    let mut answer = server.answer(query, json!({ "input": input })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["communicationPreview"].take()
}

/// The same server at another time.
pub fn at(app: &App, now: DateTime<Utc>) -> App {
    App { clock: Clock::Fixed(now), ..app.clone() }
}

#[tokio::test]
async fn a_new_customer_is_welcomed_in_their_language() {
    let mail = MailServer::start().await;
    let server = Server::start_sending(mail.post()).await;

    let jane = enter(&server, "Jane", json!({ "preferredLanguage": "de-AT" })).await;

    let letters = mail.letters(1).await;
    let letter = &letters[0];
    assert_eq!((letter.to.as_str(), letter.subject().as_str()), ("jane@example.com", "Willkommen, Jane"));
    let (text, html) = letter.bodies();
    assert!(text.starts_with("Guten Tag Jane,\n"), "{text}");
    assert!(html.contains("<p>Guten Tag Jane,</p>"), "{html}");
    let message = until(&server, &jane, "SENT").await;
    let key = message["id"].as_str().expect("an id").rsplit_once('/').expect("a key").1;
    assert_eq!(letter.field("Message-ID"), format!("<{key}@example.org>"));
    assert_eq!(letter.field("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.field("List-Unsubscribe"), "");
    assert_eq!((&message["language"], &message["subject"]), (&json!("de"), &json!("Willkommen, Jane")));
    assert_eq!(message["event"]["type"], "CUSTOMER_CREATED");
    let attempts = message["attempts"]["nodes"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 1);
    assert_eq!((&attempts[0]["outcome"], &attempts[0]["answer"]), (&json!("ACCEPTED"), &json!("250 kept")));
    let document = server.get_json(message["id"].as_str().expect("an id"), "application/ld+json").await;
    assert_eq!((&document["state"], &document["customer"]), (&json!("SENT"), &jane));
}

#[tokio::test]
async fn without_a_way_out_messages_wait_where_all_can_see_them() {
    let server = Server::start().await;

    let jane = enter(&server, "Jane", json!({})).await;

    assert_eq!(fates(&server, &jane).await, [fate("welcome", "QUEUED", None)]);
    let listed = server.query("{ communications(where: { state: { eq: QUEUED } }) { totalCount } }").await;
    assert_eq!(listed["communications"]["totalCount"], 1);
    // Nothing is taken either.
    let later = at(&server.app, Utc::now() + TimeDelta::days(1));
    assert_eq!(send_due(&later).await, 0);
    assert_eq!(messages(&server, &jane).await[0]["attempts"]["nodes"], json!([]));
}

#[tokio::test]
async fn a_rise_is_congratulated_once_however_many_tiers_it_skips() {
    let mail = MailServer::start().await;
    let server = Server::start_sending(mail.post()).await;
    let jane = enter(&server, "Jane", json!({})).await;
    mail.letters(1).await;

    let order = server.purchase(&jane, "2500.00").await;
    server.mutate("orderDeliver", json!({ "id": order }), "order { status }").await;

    let letters = mail.letters(2).await;
    assert_eq!(letters[1].subject(), "Congratulations, you are Gold now");
    let tier = server.customer_fields(&jane, "loyaltyTier { discountPercent }").await;
    let membership = server.customer_fields(&jane, "loyaltyMemberships { nodes { benefits } }").await;
    let (text, _) = letters[1].bodies();
    let benefits = membership["loyaltyMemberships"]["nodes"][0]["benefits"].as_array().expect("benefits").clone();
    assert!(benefits.contains(&json!("Free shipping on orders over 50")), "that of Bronze too: {benefits:?}");
    for benefit in benefits {
        assert!(text.contains(&format!("- {}", benefit.as_str().expect("a benefit"))), "{text}");
    }
    assert!(text.contains(&format!("{} % off", tier["loyaltyTier"]["discountPercent"])), "{text}");
    until(&server, &jane, "SENT").await;
    let expected = [fate("upgrade", "SENT", None), fate("welcome", "SENT", None)];
    assert_eq!(fates(&server, &jane).await, expected);
    // A fall is told to nobody.
    let refund = json!({ "order": order, "amount": "2400.00" });
    server.mutate("refundCreate", refund, "refund { id }").await;
    assert!(server.events_of(&jane).await.contains(&"CUSTOMER_DOWNGRADED".to_owned()));
    assert_eq!(fates(&server, &jane).await, expected);
}

#[tokio::test]
async fn each_message_can_be_switched_off() {
    let server = Server::start().await;
    let settings = "settings { sendsWelcome sendsUpgrade sendsReEngagement marketingCap marketingCapDays }";
    let off = json!({ "sendsWelcome": false });

    let payload = server.mutate("communicationSettingsUpdate", off, settings).await;
    let jane = enter(&server, "Jane", json!({})).await;
    server.purchase(&jane, "500.00").await;

    let expected = json!({
        "sendsWelcome": false, "sendsUpgrade": true, "sendsReEngagement": true, "marketingCap": 3, "marketingCapDays": 7,
    });
    assert_eq!(payload["settings"], expected);
    assert_eq!(fates(&server, &jane).await, [fate("upgrade", "QUEUED", None)]);
    let wrong = json!({ "marketingCap": -1, "marketingCapDays": 0 });
    let payload = server.mutate("communicationSettingsUpdate", wrong, settings).await;
    assert_eq!(payload["settings"], expected);
    let errors = ["marketingCap", "marketingCapDays"].map(|field| ("INVALID".to_owned(), format!("input.{field}")));
    assert_eq!(user_errors(&payload), errors);
}

#[tokio::test]
async fn an_import_writes_to_nobody() {
    let server = Server::demo().await;

    let data = server.query("{ communications { totalCount } customers { totalCount } }").await;

    assert_eq!(data["communications"]["totalCount"], 0);
    assert!(data["customers"]["totalCount"].as_i64() > Some(100));
}

#[tokio::test]
async fn the_gate_holds_back_what_may_not_be_sent() {
    let server = Server::start().await;
    let consent = async |customer: &Value, purpose: &str, state: &str, at: &str| {
        let input = json!({
            "customer": customer, "channel": "EMAIL", "purpose": purpose, "state": state, "source": "form", "at": at,
        });
        server.mutate("consentRecord", input, "consent { id }").await
    };
    let without = server.enter("Nobody").await;
    let jane = enter(&server, "Jane", json!({})).await;
    let verdict = async |customer: &Value, purpose: &str| {
        let input = mailing(&json!({ "customer": customer }), purpose);
        let preview = preview(&server, &input).await;
        let payload = send(&server, input).await;
        assert_eq!(payload["userErrors"], json!([]));
        let (_, state, reason) = fates(&server, customer).await.swap_remove(0);
        let told = preview["suppressed"][0]["reason"].as_str().map(str::to_owned);
        assert_eq!(told, reason, "the preview says the same");
        assert_eq!((&preview["queued"], preview["queued"] == 1), (&payload["queued"], state == "QUEUED"));
        reason.unwrap_or(state)
    };

    assert_eq!(fates(&server, &without).await, [fate("welcome", "SUPPRESSED", Some("no address"))]);
    assert_eq!(verdict(&without, "TRANSACTIONAL").await, "no address");
    assert_eq!(verdict(&jane, "TRANSACTIONAL").await, "QUEUED");
    assert_eq!(verdict(&jane, "MARKETING").await, "no consent");
    consent(&jane, "MARKETING", "GRANTED", "2026-01-01").await;
    for _ in 0..3 {
        assert_eq!(verdict(&jane, "MARKETING").await, "QUEUED");
    }
    assert_eq!(verdict(&jane, "MARKETING").await, "too many in a short time");
    assert_eq!(verdict(&jane, "TRANSACTIONAL").await, "QUEUED");
    let cap = json!({ "marketingCap": 4 });
    server.mutate("communicationSettingsUpdate", cap, "settings { marketingCap }").await;
    assert_eq!(verdict(&jane, "MARKETING").await, "QUEUED");
    consent(&jane, "MARKETING", "WITHDRAWN", "2026-02-01").await;
    assert_eq!(verdict(&jane, "MARKETING").await, "no consent");
    consent(&jane, "TRANSACTIONAL", "WITHDRAWN", "2026-02-01").await;
    assert_eq!(verdict(&jane, "TRANSACTIONAL").await, "no consent");
    consent(&jane, "TRANSACTIONAL", "GRANTED", "2026-02-01").await;
    assert_eq!(verdict(&jane, "TRANSACTIONAL").await, "QUEUED");
}

#[tokio::test]
async fn the_frequency_cap_counts_whole_days_to_the_millisecond() {
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({ "emailOptIn": true })).await;
    let cap = json!({ "marketingCap": 1, "marketingCapDays": 2, "sendsWelcome": false });
    server.mutate("communicationSettingsUpdate", cap, "settings { marketingCap }").await;
    let input = mailing(&json!({ "customer": jane }), "MARKETING");
    send(&server, input.clone()).await;
    let sent: DateTime<Utc> = {
        let fields = server.customer_fields(&jane, "communications { nodes { createdAt } }").await;
        fields["communications"]["nodes"][0]["createdAt"].as_str().expect("an instant").parse().expect("an instant")
    };
    let schema = |now| customers::schema::build(at(&server.app, now));
    let queued = async |now: DateTime<Utc>| {
        let query = "query ($input: CommunicationSendInput!) { communicationPreview(input: $input) { queued } }";
        let variables = async_graphql::Variables::from_json(json!({ "input": input }));
        let app = at(&server.app, now);
        let request = async_graphql::Request::new(query).variables(variables);
        let request = request.data(customers::auth::Viewer::Local).data(app.reading());
        json!(schema(now).execute(request).await)["data"]["communicationPreview"]["queued"].clone()
    };

    let day = TimeDelta::days(1);
    assert_eq!(queued(sent + day * 2 - TimeDelta::milliseconds(1)).await, 0);
    assert_eq!(queued(sent + day * 2).await, 1);
}

#[tokio::test]
async fn consent_that_is_withdrawn_before_a_message_leaves_holds_it_back() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({ "emailOptIn": true })).await;
    send(&server, mailing(&json!({ "customer": jane }), "MARKETING")).await;
    assert_eq!(fates(&server, &jane).await[0], fate("message", "QUEUED", None));
    server.mutate("customerUpdate", json!({ "id": jane, "emailOptIn": false }), "customer { id }").await;

    let sender = server.replica(Clock::System, mail.post()).await;
    assert_eq!(send_due(&sender).await, 2);

    let expected = [fate("message", "SUPPRESSED", Some("no consent")), fate("welcome", "SENT", None)];
    assert_eq!(fates(&server, &jane).await, expected);
    assert_eq!(messages(&server, &jane).await[0]["attempts"]["nodes"], json!([]));
    assert_eq!(mail.arrived().len(), 1);
}

#[tokio::test]
async fn marketing_can_be_unsubscribed_by_one_click() {
    let mail = MailServer::start().await;
    let server = Server::start_sending(mail.post()).await;
    let jane = enter(&server, "Jane", json!({ "emailOptIn": true, "smsOptIn": true, "preferredLanguage": "de" })).await;
    mail.letters(1).await;
    send(&server, mailing(&json!({ "customer": jane }), "MARKETING")).await;
    let letter = mail.letters(2).await.swap_remove(1);
    let field = letter.field("List-Unsubscribe");
    let link = field.trim_start_matches('<').trim_end_matches('>').to_owned();
    let (text, html) = letter.bodies();
    assert!(text.contains(&link) && html.replace("&#x2f;", "/").contains(&link), "{text} {html}");
    let opt_ins = async || server.customer_fields(&jane, "emailOptIn smsOptIn").await;
    let client = reqwest::Client::new();

    // Programs that look at mail follow links: that changes nothing, and asks.
    let asked = server.get(&link, "text/html").await;
    assert_eq!(asked.status(), 200);
    let page = asked.text().await.expect("a page");
    assert!(page.contains("<form method=\"post\">") && page.contains("lang=\"de\""), "{page}");
    assert_eq!(opt_ins().await, json!({ "emailOptIn": true, "smsOptIn": true }));

    let forged = format!("{}AAAA", &link[..link.len() - 4]);
    for wrong in [forged.as_str(), &server.url("/unsubscribe/AAAA"), &server.url("/unsubscribe/%00")] {
        let refused = client.post(wrong).body("List-Unsubscribe=One-Click").send().await.expect("an answer");
        assert_eq!(refused.status(), 404, "{wrong}");
    }
    assert_eq!(opt_ins().await, json!({ "emailOptIn": true, "smsOptIn": true }));

    // RFC 8058, section 8.3: without cookies or anything else, and no redirection.
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = client.post(&link).header("content-type", kind).body("List-Unsubscribe=One-Click");
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    assert_eq!(opt_ins().await, json!({ "emailOptIn": false, "smsOptIn": true }));
    let log =
        server.customer_fields(&jane, "consents(first: 1) { totalCount nodes { channel purpose state source } }").await;
    let expected = json!({
        "channel": "EMAIL", "purpose": "MARKETING", "state": "WITHDRAWN", "source": "unsubscribe link",
    });
    assert_eq!(log["consents"], json!({ "totalCount": 3, "nodes": [expected] }));
    send(&server, mailing(&json!({ "customer": jane }), "MARKETING")).await;
    assert_eq!(fates(&server, &jane).await[0], fate("message", "SUPPRESSED", Some("no consent")));
}

#[tokio::test]
async fn a_template_of_the_store_takes_the_place_of_the_programs() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("en")).expect("a directory");
    let text = "Subject: Hi\n\nHi {{ customer.name }}!\n";
    std::fs::write(directory.path().join("en/welcome.txt"), text).expect("a file");
    std::fs::write(directory.path().join("en/sale.txt"), "Subject: Sale\n\nAll must go.\n").expect("a file");
    let templates = customers::post::Templates::load(Some(directory.path())).expect("templates");
    let mail = MailServer::start().await;
    let server = Server::start_sending(customers::post::Post { templates: templates.into(), ..mail.post() }).await;

    let jane = enter(&server, "Jane", json!({})).await;
    mail.letters(1).await;
    let sale = json!({
        "to": { "customer": jane }, "channel": "EMAIL", "purpose": "TRANSACTIONAL", "content": { "template": "sale" },
    });
    send(&server, sale).await;

    let letters = mail.letters(2).await;
    assert_eq!((letters[0].subject().as_str(), letters[0].bodies().0.trim()), ("Hi", "Hi Jane!"));
    assert_eq!((letters[1].subject().as_str(), letters[1].bodies().0.trim()), ("Sale", "All must go."));
    // Whoever has none of their own is as before.
    assert!(post().templates.names(customers::post::Part::Text).contains("welcome"));
}

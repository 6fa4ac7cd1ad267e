//! How messages leave: by SMTP and by a gateway, tried again, and each once.

use std::collections::BTreeSet;

use chrono::{TimeDelta, Utc};
use customers::{
    clock::Clock,
    communication::{delivery, retry::MOST_TRIES},
    store::execute,
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{
    communication::{at, enter, fate, fates, messages, until},
    post::{MailServer, SmsGateway, send_due},
    server::{Server, user_errors},
};

#[tokio::test]
async fn what_cannot_be_handed_over_is_tried_again_and_fails_in_the_end() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({})).await;
    let sender = server.replica(Clock::System, mail.post()).await;
    mail.answer(&["451 try again"; MOST_TRIES as usize]);
    let mut now = Utc::now();
    let pass = async |now| send_due(&at(&sender, now)).await;

    // The waits, in minutes, after each try.
    for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360] {
        assert_eq!(pass(now).await, 1);
        assert_eq!(pass(now + TimeDelta::minutes(wait) - TimeDelta::seconds(1)).await, 0, "{wait}");
        let message = &messages(&server, &jane).await[0];
        assert_eq!((&message["state"], &message["reason"]), (&json!("QUEUED"), &json!("the mail server answered 451")));
        now += TimeDelta::minutes(wait);
    }
    assert_eq!(pass(now).await, 1);
    let message = messages(&server, &jane).await.swap_remove(0);
    assert_eq!((&message["state"], &message["reason"]), (&json!("FAILED"), &json!("the mail server answered 451")));
    assert_eq!(pass(now + TimeDelta::days(9)).await, 0);
    let attempts = message["attempts"]["nodes"].as_array().expect("attempts");
    assert_eq!(attempts.len(), 12);
    assert!(attempts.iter().all(|attempt| attempt["outcome"] == "DELAYED" && attempt["endedAt"].is_string()));

    let retried = server.mutate("communicationRetry", json!({ "id": message["id"] }), "communication { state }").await;
    assert_eq!(retried, json!({ "communication": { "state": "QUEUED" }, "userErrors": [] }));
    assert_eq!(pass(now).await, 1);
    let letters = mail.arrived();
    assert_eq!(letters.len(), 1);
    let sent = messages(&server, &jane).await.swap_remove(0);
    assert_eq!((&sent["state"], &sent["reason"]), (&json!("SENT"), &Value::Null));
    assert_eq!(sent["attempts"]["nodes"].as_array().map(Vec::len), Some(13));
    let again = server.mutate("communicationRetry", json!({ "id": message["id"] }), "communication { state }").await;
    assert_eq!(user_errors(&again), [("NOT_ALLOWED".to_owned(), "input.id".to_owned())]);
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    // What the server says to the recipient, and what becomes of the message.
    let cases = [
        ("550 5.1.1 no such user", "FAILED", "the mail server refused it with 550", "REFUSED"),
        ("530 5.7.0 authentication required", "QUEUED", "the mail server answered 530", "DELAYED"),
    ];

    for (name, (answer, state, reason, outcome)) in ["Jane", "John"].into_iter().zip(cases) {
        let customer = enter(&server, name, json!({})).await;
        mail.answer(&[answer]);
        let sender = server.replica(Clock::System, mail.post()).await;
        assert_eq!(send_due(&sender).await, 1);

        let message = messages(&server, &customer).await.swap_remove(0);
        assert_eq!((&message["state"], &message["reason"]), (&json!(state), &json!(reason)));
        let attempt = &message["attempts"]["nodes"][0];
        assert_eq!(attempt["outcome"], outcome);
        let (_, words) = answer.split_once(' ').expect("words");
        assert!(attempt["answer"].as_str().expect("an answer").contains(words), "{attempt}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_delays_messages() {
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({})).await;
    let gone = MailServer::start().await.post();

    let sender = server.replica(Clock::System, gone).await;
    assert_eq!(send_due(&sender).await, 1);

    let expected = fate("welcome", "QUEUED", Some("the mail server could not be spoken to"));
    assert_eq!(fates(&server, &jane).await, [expected]);
}

#[tokio::test]
async fn two_servers_send_each_message_once() {
    const COUNT: usize = 60;
    let mail = MailServer::start().await;
    let server = Server::start().await;
    for number in 0..COUNT {
        enter(&server, &format!("Jane{number}"), json!({})).await;
    }
    let ending = CancellationToken::new();
    let mut workers = Vec::new();
    for _ in 0..2 {
        let app = server.replica(Clock::System, mail.post()).await;
        workers.push(tokio::spawn(delivery::run(app, ending.clone())));
    }

    mail.letters(COUNT).await;
    let left = "{ communications(where: { not: { state: { eq: SENT } } }) { totalCount } }";
    while server.query(left).await["communications"]["totalCount"] != 0 {
        tokio::task::yield_now().await;
    }
    ending.cancel();
    for worker in workers {
        worker.await.expect("it ends when it is told to");
    }

    let letters = mail.arrived();
    let ids: BTreeSet<_> = letters.iter().map(|letter| letter.field("Message-ID")).collect();
    assert_eq!((letters.len(), ids.len()), (COUNT, COUNT));
    let attempts = server.query("{ communications(first: 250) { nodes { attempts { totalCount } } } }").await;
    let nodes = attempts["communications"]["nodes"].as_array().expect("nodes");
    assert!(nodes.iter().all(|node| node["attempts"]["totalCount"] == 1));
}

#[tokio::test]
async fn a_letter_that_is_not_answered_keeps_back_no_later_one() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    enter(&server, "Jane", json!({})).await;
    mail.answer(&["250-wait"]);
    let (sender, ending) = (server.replica(Clock::System, mail.post()).await, CancellationToken::new());
    let worker = tokio::spawn(delivery::run(sender, ending));
    mail.asked().await;

    enter(&server, "John", json!({})).await;

    assert_eq!(mail.letters(1).await.len(), 1);
    worker.abort();
}

#[tokio::test]
async fn a_message_whose_server_was_stopped_is_taken_over_when_its_lease_ends() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({})).await;
    let now = Utc::now();
    let first = server.replica(Clock::Fixed(now), mail.post()).await;
    // The first is stopped while it sends: the mail server never answers it.
    mail.answer(&["250-wait"]);
    tokio::select! {
        taken = send_due(&first) => panic!("it waits: {taken:?}"),
        () = mail.asked() => {}
    }

    let second = server.replica(Clock::System, mail.post()).await;
    let pass = async |now| send_due(&at(&second, now)).await;
    assert_eq!(pass(now + TimeDelta::minutes(20) - TimeDelta::milliseconds(1)).await, 0);
    assert_eq!(pass(now + TimeDelta::minutes(20)).await, 1);

    let message = messages(&server, &jane).await.swap_remove(0);
    assert_eq!(message["state"], "SENT");
    let outcomes: Vec<_> =
        message["attempts"]["nodes"].as_array().expect("attempts").iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, [&Value::Null, &json!("ACCEPTED")]);
    assert_eq!(mail.arrived().len(), 1);
}

#[tokio::test]
async fn the_answer_to_a_letter_that_was_given_up_is_not_taken_for_that_to_the_next() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    enter(&server, "Jane", json!({})).await;
    let sender = server.replica(Clock::System, mail.post()).await;
    mail.answer(&["late 250 OK"]);
    tokio::select! {
        taken = send_due(&sender) => panic!("it waits: {taken:?}"),
        () = mail.asked() => {}
    }

    let john = enter(&server, "John", json!({})).await;
    assert_eq!(send_due(&sender).await, 1);

    let message = messages(&server, &john).await.swap_remove(0);
    assert_eq!(message["attempts"]["nodes"][0]["answer"], "250 kept");
    assert_eq!(mail.arrived().len(), 1);
}

#[tokio::test]
async fn a_message_that_ends_whoever_sends_it_is_given_up_as_often_tried_as_any() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({})).await;
    let mut now = Utc::now();
    for _ in 0..MOST_TRIES {
        let sender = server.replica(Clock::Fixed(now), mail.post()).await;
        mail.answer(&["250-wait"]);
        tokio::select! {
            taken = send_due(&sender) => panic!("it waits: {taken:?}"),
            () = mail.asked() => {}
        }
        now += TimeDelta::minutes(20);
    }

    let sender = server.replica(Clock::Fixed(now), mail.post()).await;
    assert_eq!(send_due(&sender).await, 1);

    assert_eq!(fates(&server, &jane).await, [fate("welcome", "FAILED", Some("no attempt came to an end"))]);
    let attempts = messages(&server, &jane).await[0]["attempts"]["nodes"].as_array().map(Vec::len);
    assert_eq!(attempts, usize::try_from(MOST_TRIES).ok());
    assert_eq!(mail.arrived().len(), 0);
}

#[tokio::test]
async fn what_waited_too_long_is_told_and_not_sent() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let settings = json!({ "expiryDays": 2 });
    server.mutate("communicationSettingsUpdate", settings, "settings { expiryDays }").await;
    let jane = enter(&server, "Jane", json!({ "emailOptIn": true })).await;
    for purpose in ["MARKETING", "TRANSACTIONAL"] {
        let input = json!({
            "to": { "customer": jane }, "channel": "EMAIL", "purpose": purpose,
            "content": { "message": { "subject": purpose, "text": "Text" } },
        });
        server.mutate("communicationSend", input, "queued").await;
    }
    let created: Vec<chrono::DateTime<Utc>> = {
        let fields = server.customer_fields(&jane, "communications { nodes { createdAt } }").await;
        let nodes = fields["communications"]["nodes"].as_array().expect("nodes").clone();
        nodes.iter().map(|node| node["createdAt"].as_str().expect("an instant").parse().expect("an instant")).collect()
    };
    let sender = server.replica(Clock::System, mail.post()).await;
    let pass = async |now| send_due(&at(&sender, now)).await;

    // The welcome was queued first; the transactional mailing last.
    mail.answer(&["451 try again"; 3]);
    assert_eq!(pass(created[2] + TimeDelta::days(2)).await, 3);
    assert_eq!(pass(created[1] + TimeDelta::days(2) + TimeDelta::minutes(1)).await, 3);

    let fates = fates(&server, &jane).await;
    let expired = |template| fate(template, "SUPPRESSED", Some("expired"));
    assert_eq!(fates, [fate("message", "SENT", None), expired("message"), expired("welcome")]);
    assert_eq!(mail.arrived().len(), 1);
}

#[tokio::test]
async fn who_bought_meanwhile_is_not_told_that_they_are_missed() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let settings = json!({ "sendsWelcome": false });
    server.mutate("communicationSettingsUpdate", settings, "settings { sendsWelcome }").await;
    let (jane, john) = (
        enter(&server, "Jane", json!({ "emailOptIn": true })).await,
        enter(&server, "John", json!({ "emailOptIn": true })).await,
    );
    for id in [&jane, &john] {
        let key: uuid::Uuid = id.as_str().and_then(|id| id.rsplit('/').next()).expect("a key").parse().expect("a key");
        let sql = "insert into communication
            (id, customer_id, channel, purpose, state, template, event_id, created_at, due_at)
            values ($1, $1, 'EMAIL', 'MARKETING', 'QUEUED', 're-engagement', $1, $2, $2)";
        let parameters = vec![key.into(), Utc::now().timestamp_millis().into()];
        execute(server.app.database.writer(), sql, parameters).await.expect("a message");
    }
    server.purchase(&jane, "10").await;

    let sender = server.replica(Clock::System, mail.post()).await;
    assert_eq!(send_due(&sender).await, 2);

    let held = fate("re-engagement", "SUPPRESSED", Some("no occasion any more"));
    assert_eq!(fates(&server, &jane).await, [held]);
    assert_eq!(fates(&server, &john).await, [fate("re-engagement", "SENT", None)]);
}

#[tokio::test]
async fn nobody_is_congratulated_on_a_tier_that_they_hold_no_more() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let settings = json!({ "sendsWelcome": false });
    server.mutate("communicationSettingsUpdate", settings, "settings { sendsWelcome }").await;
    let [fallen, moved, risen] = [
        enter(&server, "Fallen", json!({})).await,
        enter(&server, "Moved", json!({})).await,
        enter(&server, "Risen", json!({})).await,
    ];
    // Silver, Silver, and Silver first and Gold then.
    let order = server.purchase(&fallen, "600").await;
    server.mutate("refundCreate", json!({ "order": order, "amount": "200" }), "refund { id }").await;
    server.purchase(&moved, "600").await;
    server.purchase(&risen, "600").await;
    server.purchase(&risen, "1500").await;
    let programs =
        "{ loyaltyPrograms(where: { isDefault: { eq: true } }) { nodes { id tiers { nodes { id name minSpend } } } } }";
    let program = server.query(programs).await["loyaltyPrograms"]["nodes"][0].take();
    let mut tiers = program["tiers"]["nodes"].as_array().expect("tiers").clone();
    tiers.retain(|tier| tier["name"] != "Silver");
    let edit = json!({ "id": program["id"], "tiers": tiers });
    let edited = server.mutate("loyaltyProgramUpdate", edit, "loyaltyProgram { version }").await;
    assert_eq!(user_errors(&edited), []);

    let sender = server.replica(Clock::System, mail.post()).await;
    assert_eq!(send_due(&sender).await, 4);

    let held = fate("upgrade", "SUPPRESSED", Some("no occasion any more"));
    for customer in [&fallen, &moved] {
        assert_eq!(fates(&server, customer).await, std::slice::from_ref(&held));
    }
    assert_eq!(fates(&server, &risen).await, [fate("upgrade", "SENT", None), held]);
    let letters = mail.arrived();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject(), "Congratulations, you are Gold now");
}

#[tokio::test]
async fn mailings_that_were_queued_at_once_do_not_exceed_the_frequency_cap() {
    let mail = MailServer::start().await;
    let server = Server::start().await;
    let settings = json!({ "sendsWelcome": false });
    server.mutate("communicationSettingsUpdate", settings, "settings { sendsWelcome }").await;
    let jane = enter(&server, "Jane", json!({ "emailOptIn": true })).await;
    for number in 0..3 {
        let input = json!({
            "to": { "customer": jane }, "channel": "EMAIL", "purpose": "MARKETING",
            "content": { "message": { "subject": format!("News {number}"), "text": "Text" } },
        });
        server.mutate("communicationSend", input, "queued").await;
    }
    // As though each had been queued before the others could be seen.
    let settings = json!({ "marketingCap": 2 });
    server.mutate("communicationSettingsUpdate", settings, "settings { marketingCap }").await;

    let sender = server.replica(Clock::System, mail.post()).await;
    assert_eq!(send_due(&sender).await, 3);

    let held = fate("message", "SUPPRESSED", Some("too many in a short time"));
    let sent = fate("message", "SENT", None);
    assert_eq!(fates(&server, &jane).await, [held, sent.clone(), sent]);
    assert_eq!(mail.arrived().len(), 2);
}

#[tokio::test]
async fn whoever_prefers_text_messages_gets_them() {
    let gateway = SmsGateway::start().await;
    let server = Server::start_sending(gateway.post()).await;
    let facts = json!({ "telephone": "+49 30 2312550", "communicationPreferences": ["SMS", "EMAIL"] });

    let jane = enter(&server, "Jane", facts).await;

    let message = until(&server, &jane, "SENT").await;
    let arrived = &gateway.messages(1).await[0];
    let key = message["id"].as_str().expect("an id").rsplit_once('/').expect("a key").1;
    let expected = json!({
        "id": key, "idempotency-key": key, "from": "Shop", "to": "+49302312550",
        "text": "Hello Jane, welcome! We are glad that you are here.", "authorization": "Bearer secret",
    });
    assert_eq!(arrived, &expected);
    assert_eq!((&message["channel"], &message["subject"]), (&json!("SMS"), &Value::Null));
    assert_eq!(message["attempts"]["nodes"][0]["answer"], "202 Accepted noted");
    // Without a number, the next channel that they prefer.
    let john = enter(&server, "John", json!({ "communicationPreferences": ["SMS", "EMAIL"] })).await;
    assert_eq!(messages(&server, &john).await[0]["channel"], "EMAIL");
}

#[tokio::test]
async fn a_gateway_that_fails_is_tried_again_and_one_that_refuses_is_not() {
    let gateway = SmsGateway::start().await;
    let server = Server::start().await;
    let facts = json!({ "telephone": "+49 30 2312550", "communicationPreferences": ["SMS"] });
    let jane = enter(&server, "Jane", facts).await;
    let sender = server.replica(Clock::System, gateway.post()).await;
    gateway.answer(&["503", "422"]);
    let now = Utc::now();

    send_due(&at(&sender, now)).await;
    let delayed = fates(&server, &jane).await;
    send_due(&at(&sender, now + TimeDelta::minutes(1))).await;
    let refused = fates(&server, &jane).await;

    assert_eq!(delayed, [fate("welcome", "QUEUED", Some("the gateway answered 503"))]);
    assert_eq!(refused, [fate("welcome", "FAILED", Some("the gateway refused it with 422"))]);
}

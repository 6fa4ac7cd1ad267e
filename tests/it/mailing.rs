//! Mailings: messages that somebody sends to a customer or to a segment.

use serde_json::{Value, json};

use crate::{
    communication::{enter, fate, fates, mailing, messages, preview, send},
    server::{Server, user_errors},
};

#[tokio::test]
async fn a_segment_is_written_to_at_once_after_a_preview() {
    let server = Server::start().await;
    let segment = server.mutate("segmentCreate", json!({ "name": "Friends" }), "segment { id }").await;
    let segment = segment["segment"]["id"].clone();
    let mut customers = Vec::new();
    for (name, facts) in [
        ("Jane", json!({ "emailOptIn": true, "preferredLanguage": "de" })),
        ("John", json!({})),
        ("Jack", json!({ "emailOptIn": true })),
        ("Gone", json!({ "emailOptIn": true })),
    ] {
        customers.push(enter(&server, name, facts).await);
    }
    let nobody = server.enter("Nobody").await;
    customers.push(nobody);
    let members = json!({ "segment": segment, "customers": customers });
    server.mutate("segmentMembersAdd", members, "segment { id }").await;
    server.mutate("customerDelete", json!({ "id": customers[3] }), "deletedId").await;
    let input = mailing(&json!({ "segment": segment }), "MARKETING");

    let before = preview(&server, &input).await;
    let payload = send(&server, input.clone()).await;

    assert_eq!(before["queued"], 2);
    let held = json!([{ "reason": "no address", "count": 1 }, { "reason": "no consent", "count": 1 }]);
    assert_eq!(before["suppressed"], held);
    let sample = &before["sample"];
    assert_eq!((&sample["customer"], &sample["language"]), (&customers[0], &json!("de")));
    assert_eq!(sample["subject"], "News");
    assert!(sample["text"].as_str().expect("text").starts_with("One <b>\n\nTwo\n\nAbbestellen: http"), "{sample}");
    assert!(sample["html"].as_str().expect("HTML").contains(">One &lt;b&gt;</p>"), "{sample}");
    assert_eq!(payload, json!({ "queued": 2, "suppressed": 2, "last": customers[4], "userErrors": [] }));
    assert_eq!(fates(&server, &customers[0]).await[0], fate("message", "QUEUED", None));
    assert_eq!(messages(&server, &customers[0]).await[0]["text"], "One <b>\n\nTwo");

    let mut rest = input;
    rest["after"] = payload["last"].clone();
    let expected = json!({ "queued": 0, "suppressed": 0, "last": null, "userErrors": [] });
    assert_eq!(send(&server, rest.clone()).await, expected);
    rest["after"] = customers[1].clone();
    assert_eq!(send(&server, rest).await["queued"], 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_mailing_is_told_of_before_anything_is_sent() {
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({ "telephone": "+49 30 2312550" })).await;
    let nobody = json!(server.url(&format!("/customers/{}", uuid::Uuid::nil())));
    let none = json!(server.url(&format!("/segments/{}", uuid::Uuid::nil())));
    let own = json!({ "customer": jane });
    let content = "input.content";
    let cases = [
        (
            json!({ "customer": nobody }),
            "EMAIL",
            json!({ "template": "welcome" }),
            "NOT_FOUND",
            "input.to.customer".to_owned(),
        ),
        (
            json!({ "segment": none }),
            "EMAIL",
            json!({ "template": "welcome" }),
            "NOT_FOUND",
            "input.to.segment".to_owned(),
        ),
        (own.clone(), "EMAIL", json!({ "template": "upgrade" }), "INVALID", format!("{content}.template")),
        (own.clone(), "EMAIL", json!({ "template": "none" }), "INVALID", format!("{content}.template")),
        (own.clone(), "EMAIL", json!({ "message": { "text": "T" } }), "REQUIRED", format!("{content}.message.subject")),
        (
            own.clone(),
            "SMS",
            json!({ "message": { "subject": "S", "text": "T" } }),
            "INVALID",
            format!("{content}.message.subject"),
        ),
        (own.clone(), "SMS", json!({ "message": { "text": " " } }), "REQUIRED", format!("{content}.message.text")),
        (
            own.clone(),
            "SMS",
            json!({ "message": { "text": "t".repeat(1_001) } }),
            "INVALID",
            format!("{content}.message.text"),
        ),
        (
            own.clone(),
            "EMAIL",
            json!({ "message": { "subject": "s".repeat(201), "text": "T" } }),
            "INVALID",
            format!("{content}.message.subject"),
        ),
    ];

    for (to, channel, content, code, path) in cases {
        let input = json!({ "to": to, "channel": channel, "purpose": "TRANSACTIONAL", "content": content });
        let payload = send(&server, input.clone()).await;
        assert_eq!(user_errors(&payload), [(code.to_owned(), path)], "{input}");
        assert_eq!((&payload["queued"], &payload["last"]), (&json!(0), &Value::Null));
        assert_eq!(preview(&server, &input).await["userErrors"][0]["code"], code, "{input}");
    }
    assert_eq!(messages(&server, &jane).await.len(), 1, "the welcome");
    let right =
        json!({ "to": own, "channel": "SMS", "purpose": "TRANSACTIONAL", "content": { "template": "re-engagement" } });
    assert_eq!(send(&server, right).await["queued"], 1);
}

#[tokio::test]
async fn a_mailing_that_is_repeated_takes_place_once() {
    let server = Server::start().await;
    let jane = enter(&server, "Jane", json!({})).await;
    let body = json!({
        "query": "mutation ($input: CommunicationSendInput!) { communicationSend(input: $input) { queued } }",
        "variables": { "input": mailing(&json!({ "customer": jane }), "TRANSACTIONAL") },
    });

    for _ in 0..2 {
        let request =
            reqwest::Client::new().post(server.url("/graphql")).header("Idempotency-Key", "mailing-1").json(&body);
        let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["data"]["communicationSend"]["queued"], 1, "{answer}");
    }

    assert_eq!(messages(&server, &jane).await.len(), 2);
}

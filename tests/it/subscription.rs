//! Subscriptions: what happened since, and what happens, each event once and in order.

use std::time::Duration;

use customers::event::Cursor;
use entity::event::EventType;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    given::{order_tale, tale},
    server::Server,
    socket::Socket,
};

const EVENTS: &str = "subscription ($after: String) { customerEvents(after: $after) { cursor sequence type } }";

fn cursor(position: i64) -> String {
    Cursor(position).to_string()
}

/// The cursors of the next events.
async fn cursors(socket: &mut Socket, count: usize) -> Vec<String> {
    let mut cursors = Vec::new();
    for _ in 0..count {
        cursors.push(socket.event("customerEvents").await["cursor"].as_str().expect("a cursor").to_owned());
    }
    cursors
}

fn from_to(first: i64, last: i64) -> Vec<String> {
    (first..=last).map(cursor).collect()
}

/// Subscribes, and waits until the subscription has begun: a query that was sent later is answered.
async fn begin(server: &Server, query: &str, variables: Value) -> Socket {
    let mut socket = Socket::start(server).await;
    socket.subscribe("1", query, variables).await;
    server.app.feed.catch_up(&server.app.bell).await;
    socket
}

#[tokio::test]
async fn a_subscription_replays_and_goes_on_with_every_event_once_and_in_order() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let updates = vec![tale(EventType::CustomerUpdated, jane); 300];
    server.tell(&updates).await;
    let mut socket = Socket::start(&server).await;

    socket.subscribe("1", EVENTS, json!({ "after": cursor(5) })).await;
    server.tell(&updates).await;
    let mut heard = cursors(&mut socket, 100).await;
    for _ in 0..5 {
        server.tell(&updates[..30]).await;
    }
    heard.extend(cursors(&mut socket, 645).await);

    assert_eq!(heard, from_to(6, 750));
}

#[tokio::test]
async fn without_a_cursor_only_what_happens_from_now_on_is_sent() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    server.tell_silently(&vec![tale(EventType::CustomerCreated, jane); 3]).await;
    let mut socket = Socket::start(&server).await;

    socket.subscribe("1", EVENTS, json!({})).await;

    // Nothing says when a subscription has begun, so that it may miss the first of these.
    let heard = loop {
        server.tell(&[tale(EventType::CustomerTagged, jane)]).await;
        if let Ok(event) = timeout(Duration::from_millis(100), socket.event("customerEvents")).await {
            break event;
        }
    };
    assert_eq!(heard["type"], "CUSTOMER_TAGGED");
}

#[tokio::test]
async fn a_cursor_that_cannot_be_is_an_error_that_names_the_argument() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    server.tell(&[tale(EventType::CustomerCreated, jane)]).await;
    let mut socket = Socket::start(&server).await;

    for (after, said) in [("x", "expected the cursor of an event"), ("event-2", "lies beyond the end of the log")] {
        socket.subscribe("1", EVENTS, json!({ "after": after })).await;

        let error = socket.error().await;
        let message = error["message"].as_str().expect("a message");
        assert!(message.starts_with("after: ") && message.contains(said), "{message}");
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    }
}

#[tokio::test]
async fn each_root_field_carries_its_own_events() {
    let server = Server::start().await;
    let (jane, john) = (server.customer("Jane").await, server.customer("John").await);
    let order = server.order(jane, 5000).await;
    let segment = Uuid::now_v7();
    let mut entered = tale(EventType::SegmentEntered, john);
    entered.segment = Some(segment);
    server
        .tell(&[
            tale(EventType::CustomerCreated, jane),
            order_tale(EventType::OrderCreated, jane, order),
            order_tale(EventType::OrderDelivered, jane, order),
            order_tale(EventType::CustomerPurchased, jane, order),
            order_tale(EventType::OrderCreated, john, Uuid::now_v7()),
            entered,
            tale(EventType::CustomerUpdated, john),
        ])
        .await;
    let id = |collection: &str, key: Uuid| server.app.base.node(collection, key);
    let cases = [
        ("customerEvents(after: $after)", vec![1, 2, 3, 4, 5, 6, 7]),
        ("customerEvents(after: $after, types: [ORDER_CREATED, SEGMENT_ENTERED])", vec![2, 5, 6]),
        (&format!("customerEvents(after: $after, customer: \"{}\")", id("customers", john)), vec![5, 6, 7]),
        ("orderEvents(after: $after)", vec![2, 3, 5]),
        ("orderEvents(after: $after, types: [ORDER_DELIVERED])", vec![3]),
        (&format!("orderEvents(after: $after, order: \"{}\")", id("orders", order)), vec![2, 3]),
        ("segmentEvents(after: $after)", vec![6]),
        (&format!("segmentEvents(after: $after, segment: \"{}\")", id("segments", segment)), vec![6]),
        (&format!("segmentEvents(after: $after, segment: \"{}\")", id("segments", Uuid::nil())), vec![]),
    ];
    let mut socket = Socket::start(&server).await;

    for (field, expected) in cases {
        let query = format!("subscription ($after: String) {{ event: {field} {{ cursor }} }}");
        socket.subscribe("1", &query, json!({ "after": cursor(0) })).await;
        let mut heard = Vec::new();
        for _ in 0..expected.len() {
            heard.push(socket.event("event").await["cursor"].clone());
        }

        let expected: Vec<_> = expected.into_iter().map(|position| json!(cursor(position))).collect();
        assert_eq!(heard, expected, "{field}");
        socket.say(&json!({ "id": "1", "type": "complete" })).await;
    }
}

#[tokio::test]
async fn types_that_never_come_and_ids_of_other_nodes_are_refused() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;
    let customer = server.app.base.node("customers", Uuid::nil());
    let cases = [
        ("orderEvents(types: [CUSTOMER_CREATED])", "types: CUSTOMER_CREATED is no event of an order"),
        ("segmentEvents(types: [ORDER_CREATED])", "types: ORDER_CREATED is no event of a segment"),
        (&format!("orderEvents(order: \"{customer}\")"), "order: expected an IRI of the collection \"orders\""),
    ];

    for (field, said) in cases {
        socket.subscribe("1", &format!("subscription {{ {field} {{ cursor }} }}"), json!({})).await;

        let message = socket.error().await["message"].as_str().expect("a message").to_owned();
        assert!(message.starts_with(said), "{message}");
    }
}

#[tokio::test]
async fn a_condition_is_tested_on_the_present_state_by_one_statement_for_all_who_ask_and_a_batch() {
    let server = Server::start().await;
    let (jane, john) = (server.customer("Jane").await, server.customer("John").await);
    let mut sockets = Vec::new();
    for selection in ["sequence", "sequence type"] {
        let filter = "where: { name: { eq: \"Jane\" } }";
        let query = format!("subscription {{ customerEvents(after: \"event-0\", {filter}) {{ {selection} }} }}");
        sockets.push(begin(&server, &query, json!({})).await);
    }
    // When the first event has come to all, all are live.
    server.tell(&[tale(EventType::CustomerCreated, john), tale(EventType::CustomerCreated, jane)]).await;
    for socket in &mut sockets {
        assert_eq!(socket.event("customerEvents").await["sequence"], 1);
    }
    let before = server.app.database.statements();

    let tales = [tale(EventType::CustomerUpdated, john), tale(EventType::CustomerUpdated, jane)];
    server.tell(&[tales.clone(), tales].concat()).await;

    for socket in &mut sockets {
        assert_eq!(socket.event("customerEvents").await["sequence"], 2);
        assert_eq!(socket.event("customerEvents").await["sequence"], 3);
    }
    assert_eq!(server.app.database.statements() - before, 1);
}

#[tokio::test]
async fn orders_are_filtered_as_they_are_now() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let (small, large) = (server.order(jane, 1000).await, server.order(jane, 90_000).await);
    server.tell(&[small, large].map(|order| order_tale(EventType::OrderCreated, jane, order))).await;
    let query =
        "subscription { orderEvents(after: \"event-0\", where: { total: { gte: \"500\" } }) { order { total } } }";

    let mut socket = begin(&server, query, json!({})).await;

    assert_eq!(socket.event("orderEvents").await, json!({ "order": { "total": "900.00" } }));
}

#[tokio::test]
async fn subscribers_of_the_same_share_its_execution_and_its_bytes() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let query = "subscription ($after: String) { customerEvents(after: $after) { cursor customer { name } } }";
    server.tell(&[tale(EventType::CustomerCreated, jane)]).await;
    let mut sockets = Vec::new();
    for after in [None, Some(cursor(1)), Some(cursor(0))] {
        let mut socket = begin(&server, query, json!({ "after": after })).await;
        if after == Some(cursor(0)) {
            assert_eq!(socket.event("customerEvents").await["cursor"], cursor(1));
        }
        sockets.push(socket);
    }
    // When the first event has come to all, all have joined.
    server.tell(&[tale(EventType::CustomerTagged, jane)]).await;
    for socket in &mut sockets {
        assert_eq!(socket.event("customerEvents").await["cursor"], cursor(2));
    }
    let before = server.app.database.statements();

    server.tell(&vec![tale(EventType::CustomerUpdated, jane); 20]).await;

    for _ in 0..20 {
        let first = sockets[0].hear_text().await;
        assert!(first.contains(r#""customer":{"name":"Jane"}"#), "{first}");
        for socket in &mut sockets[1..] {
            assert_eq!(socket.hear_text().await, first);
        }
    }
    assert_eq!(server.app.database.statements() - before, 1, "the customer is read once, for all events and sockets");
}

#[tokio::test]
async fn a_client_reads_on_where_it_stopped_although_the_server_was_started_again() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let mut socket = begin(&server, EVENTS, json!({ "after": cursor(0) })).await;
    server.tell(&vec![tale(EventType::CustomerUpdated, jane); 3]).await;
    let last = cursors(&mut socket, 3).await.remove(2);
    server.tell_silently(&vec![tale(EventType::CustomerUpdated, jane); 2]).await;

    let server = server.restart().await;
    server.tell_silently(&vec![tale(EventType::CustomerUpdated, jane); 2]).await;
    let mut socket = begin(&server, EVENTS, json!({ "after": last })).await;

    assert_eq!(cursors(&mut socket, 4).await, from_to(4, 7));
}

#[tokio::test]
async fn events_of_another_process_are_found_although_it_does_not_ring() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let mut socket = begin(&server, EVENTS, json!({ "after": cursor(0) })).await;

    for position in 1..3 {
        server.tell_silently(&[tale(EventType::CustomerUpdated, jane)]).await;

        assert_eq!(cursors(&mut socket, 1).await, [cursor(position)]);
    }
}

#[tokio::test]
async fn a_subscription_has_one_root_field() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;

    for query in [
        "subscription { customerEvents { cursor } orderEvents { cursor } }",
        "subscription { __typename }",
        "subscription { ...events } fragment events on Subscription { customerEvents { cursor } }",
    ] {
        socket.subscribe("1", query, json!({})).await;

        let message = socket.error().await["message"].clone();
        assert!(message.as_str().expect("a message").contains("exactly one root field"), "{query}: {message}");
    }
}

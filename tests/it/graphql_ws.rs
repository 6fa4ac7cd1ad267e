//! The protocol `graphql-transport-ws`, message by message and code by code.

use std::time::Duration;

use customers::{clock::Clock, event::Cursor, http::Patience, store::Dialect};
use entity::event::EventType;
use futures_util::SinkExt;
use sea_orm::ConnectionTrait;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::{
    given::tale,
    server::Server,
    socket::{PROTOCOL, Socket},
};

/// A server that waits for this one thing so short that a test need not.
async fn hasty(hurry: impl FnOnce(&mut Patience)) -> Server {
    let mut patience = Patience::default();
    hurry(&mut patience);
    Server::start_with(Clock::System, patience).await
}

#[tokio::test]
async fn a_query_is_answered_and_complete() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;

    socket.subscribe("a \"b\"", "query Q($n: String!) { __type(name: $n) { name } }", json!({ "n": "Customer" })).await;

    let payload = json!({ "data": { "__type": { "name": "Customer" } } });
    assert_eq!(socket.hear().await, json!({ "id": "a \"b\"", "type": "next", "payload": payload }));
    assert_eq!(socket.hear().await, json!({ "id": "a \"b\"", "type": "complete" }));
}

#[tokio::test]
async fn an_id_can_be_used_again_when_its_operation_has_ended() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;
    let endless = "subscription { customerEvents { cursor } }";

    for query in ["{ __typename }", "{ nothing }", endless, "{ __typename }"] {
        socket.subscribe("1", query, json!({})).await;
        if query == endless {
            socket.say(&json!({ "id": "1", "type": "complete" })).await;
        } else {
            let said = socket.hear().await["type"].clone();
            assert_eq!(said == "error", query == "{ nothing }", "{said}");
            if said == "next" {
                assert_eq!(socket.hear().await["type"], "complete");
            }
        }
    }
}

#[tokio::test]
async fn a_document_that_is_wrong_is_an_error_and_nothing_else() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;
    let deep = format!("{} id {}", "{ a".repeat(40), "}".repeat(40));
    let cases = [
        ("{", json!({}), "BAD_USER_INPUT"),
        ("{ nothing }", json!({}), "BAD_USER_INPUT"),
        ("subscription { nothing }", json!({}), "BAD_USER_INPUT"),
        ("subscription { customerEvents(types: [NOTHING]) { cursor } }", json!({}), "BAD_USER_INPUT"),
        ("subscription ($a: String!) { customerEvents(after: $a) { cursor } }", json!({}), "BAD_USER_INPUT"),
        ("query ($id: ID!) { customer(id: $id) { id } }", json!({}), "BAD_USER_INPUT"),
        ("query ($s: String) { customers(search: $s) { totalCount } }", json!({ "s": "\0" }), "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", json!({}), "BAD_USER_INPUT"),
        (&deep, json!({}), "QUERY_TOO_COMPLEX"),
    ];

    for (query, variables, code) in cases {
        socket.subscribe("1", query, variables).await;

        assert_eq!(socket.error().await["extensions"]["code"], code, "{query}");
    }
    socket.subscribe("1", "{ __typename }", json!({})).await;
    assert_eq!(socket.hear().await["type"], "next", "nothing else was said");
}

#[tokio::test]
async fn a_field_that_fails_is_a_result() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;

    socket.subscribe("1", "{ customer(id: \"no iri\") { id } __typename }", json!({})).await;

    let message = socket.hear().await;
    assert_eq!(message["type"], "next");
    assert_eq!(message["payload"]["data"], json!({ "customer": null, "__typename": "Query" }));
    assert_eq!(message["payload"]["errors"][0]["path"], json!(["customer"]));
}

#[tokio::test]
async fn a_message_that_is_none_closes_the_socket_with_4400() {
    let server = Server::start().await;
    let messages = [
        "no json",
        "[]",
        "[\"ping\"]",
        "{}",
        r#"{"type":"nothing"}"#,
        r#"{"type":"connection_init","payload":7}"#,
        r#"{"type":"ping","payload":"text"}"#,
        r#"{"type":"subscribe","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"","payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":7,"payload":{"query":"{ __typename }"}}"#,
        r#"{"type":"subscribe","id":"1"}"#,
        r#"{"type":"subscribe","id":"1","payload":{}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","variables":[]}}"#,
        r#"{"type":"subscribe","id":"1","payload":{"query":"{ __typename }","operationName":7}}"#,
        r#"{"type":"complete"}"#,
        r#"{"type":"next","id":"1","payload":{}}"#,
    ];

    for message in messages {
        let mut socket = Socket::start(&server).await;
        socket.stream.send(Message::text(message)).await.expect("an open socket");

        assert_eq!(socket.closed().await.0, 4400, "{message}");
    }
    let mut socket = Socket::start(&server).await;
    socket.stream.send(Message::binary(vec![1])).await.expect("an open socket");
    assert_eq!(socket.closed().await.0, 4400, "binary");
}

#[tokio::test]
async fn an_operation_before_the_acknowledgement_closes_the_socket_with_4401() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;

    socket.subscribe("1", "{ __typename }", json!({})).await;

    assert_eq!(socket.closed().await, (4401, "Unauthorized".to_owned()));
}

#[tokio::test]
async fn another_sub_protocol_closes_the_socket_with_4406() {
    let server = Server::start().await;

    let mut without = Socket::connect(&server.address.to_string(), &[]).await.expect("an open socket");

    assert_eq!(without.closed().await, (4406, "Subprotocol not acceptable".to_owned()));
}

#[tokio::test]
async fn the_sub_protocol_is_chosen_among_others() {
    let server = Server::start().await;
    let offers = [("sec-websocket-protocol", "graphql-ws, graphql-transport-ws")];

    let mut socket = Socket::connect(&server.address.to_string(), &offers).await.expect("an open socket");

    socket.say(&json!({ "type": "connection_init", "payload": { "token": "any" } })).await;
    assert_eq!(socket.hear().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn a_client_that_says_nothing_is_closed_with_4408() {
    let server = hasty(|patience| patience.init = Duration::from_millis(50)).await;
    let mut socket = Socket::open(&server).await;

    assert_eq!(socket.closed().await, (4408, "Connection initialisation timeout".to_owned()));
}

#[tokio::test]
async fn an_id_that_is_taken_closes_the_socket_with_4409() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;

    for _ in 0..2 {
        socket.subscribe("ab", "subscription { customerEvents { cursor } }", json!({})).await;
    }

    assert_eq!(socket.closed().await, (4409, "Subscriber for ab already exists".to_owned()));
}

#[tokio::test]
async fn a_second_initialisation_closes_the_socket_with_4429() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;

    socket.say(&json!({ "type": "connection_init" })).await;

    assert_eq!(socket.closed().await, (4429, "Too many initialisation requests".to_owned()));
}

#[tokio::test]
async fn a_socket_that_the_client_closes_is_closed_in_return() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;
    socket.subscribe("1", "subscription { customerEvents { cursor } }", json!({})).await;
    let goodbye = CloseFrame { code: CloseCode::Normal, reason: "done".into() };

    socket.stream.close(Some(goodbye)).await.expect("an open socket");

    assert_eq!(socket.closed().await.0, 1000);
}

#[tokio::test]
async fn a_ping_is_answered_by_a_pong_that_carries_the_same() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;

    for (ping, pong) in [
        (json!({ "type": "ping" }), json!({ "type": "pong" })),
        (json!({ "type": "ping", "payload": { "a": 1 } }), json!({ "type": "pong", "payload": { "a": 1 } })),
    ] {
        socket.say(&json!({ "type": "pong" })).await;
        socket.say(&ping).await;

        assert_eq!(socket.hear().await, pong);
    }
}

#[tokio::test]
async fn the_server_pings_and_keeps_a_client_that_answers() {
    let server = hasty(|patience| patience.ping = Duration::from_millis(50)).await;
    let mut socket = Socket::start(&server).await;

    // Reading answers the pings.
    for _ in 0..5 {
        assert!(matches!(socket.receive().await, Message::Ping(_)));
    }
}

#[tokio::test]
async fn the_server_lets_go_of_a_client_that_answers_no_ping() {
    let server = hasty(|patience| {
        patience.ping = Duration::from_millis(50);
        patience.init = Duration::from_hours(1);
    })
    .await;
    let mut stream = TcpStream::connect(server.address).await.expect("a connection");
    let request = format!(
        "GET /graphql HTTP/1.1\r\nhost: {}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
        server.address
    );
    stream.write_all(request.as_bytes()).await.expect("a connection");

    let mut heard = Vec::new();
    let ended = timeout(Duration::from_secs(30), stream.read_to_end(&mut heard)).await;

    assert!(ended.expect("the server ends the connection").is_ok());
    assert!(heard.starts_with(b"HTTP/1.1 101"));
}

#[tokio::test]
async fn a_mutation_takes_place_although_its_client_has_gone() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let order = server.app.base.node("orders", server.order(jane, 1000).await);
    let mut watching = Socket::start(&server).await;
    watching.subscribe("1", "subscription { orderEvents(after: \"event-0\") { type } }", json!({})).await;
    // It can write nothing while this lasts.
    let busy = server.app.database.begin().await.expect("a transaction");
    if server.app.database.dialect() == Dialect::Postgres {
        busy.execute_unprepared("lock table event in exclusive mode").await.expect("a lock");
    }
    let mut socket = Socket::start(&server).await;

    let query = "mutation ($id: ID!) { orderDeliver(input: { id: $id }) { order { status } userErrors { message } } }";
    socket.subscribe("1", query, json!({ "id": order })).await;
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await["type"], "pong", "the mutation was taken up");
    drop(socket);
    busy.rollback().await.expect("an end");

    assert_eq!(watching.event("orderEvents").await, json!({ "type": "ORDER_DELIVERED" }));
}

#[tokio::test]
async fn nothing_follows_the_clients_complete() {
    let server = Server::start().await;
    let jane = server.customer("Jane").await;
    let mut socket = Socket::start(&server).await;
    let query = "subscription { customerEvents(after: \"event-0\") { cursor } }";
    socket.subscribe("1", query, json!({})).await;
    server.tell(&[tale(EventType::CustomerCreated, jane)]).await;
    socket.event("customerEvents").await;

    socket.say(&json!({ "id": "1", "type": "complete" })).await;
    socket.say(&json!({ "id": "never", "type": "complete" })).await;
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.hear().await["type"], "pong");
    server.tell(&[tale(EventType::CustomerUpdated, jane)]).await;
    socket.subscribe("2", query, json!({})).await;

    for position in 1..3 {
        let message = socket.hear().await;
        assert_eq!(message["id"], "2");
        assert_eq!(message["payload"]["data"]["customerEvents"]["cursor"], Cursor(position).to_string());
    }
}

#[tokio::test]
async fn a_socket_has_so_many_operations_at_once() {
    let server = Server::start().await;
    let mut socket = Socket::start(&server).await;

    for id in 0..101 {
        socket.subscribe(&id.to_string(), "subscription { customerEvents { cursor } }", json!({})).await;
    }

    let message = socket.hear().await;
    assert_eq!(message["id"], "100");
    assert_eq!(message["payload"][0]["extensions"]["code"], "RATE_LIMITED");
}

#[tokio::test]
async fn a_page_of_another_origin_opens_no_socket() {
    let server = Server::start().await;
    let own = format!("http://{}", server.address);

    for origin in ["http://customers.example.org", "null", "http://127.0.0.1.example.org", "http://localhost:3000"] {
        match Socket::connect(&server.address.to_string(), &[PROTOCOL, ("origin", origin)]).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403, "{origin}"),
            other => panic!("{origin}: {:?}", other.map(|_| ())),
        }
    }
    assert!(Socket::connect(&server.address.to_string(), &[PROTOCOL, ("origin", &own)]).await.is_ok());
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_told_where_to_read_on() {
    const LIMIT: Duration = Duration::from_secs(1);
    let server = hasty(|patience| patience.send = LIMIT).await;
    let jane = server.customer(&"J".repeat(100_000)).await;
    let query = "subscription ($after: String) { customerEvents(after: $after) { cursor customer { name } } }";
    let mut socket = Socket::start(&server).await;
    socket.subscribe("1", query, json!({ "after": "event-0" })).await;

    // More than the system keeps for a socket.
    server.tell(&vec![tale(EventType::CustomerUpdated, jane); 200]).await;
    // Another client is not held up, and hears all while the first takes nothing for too long.
    let mut other = Socket::start(&server).await;
    other.subscribe("1", query, json!({ "after": "event-0" })).await;
    let (mut position, started) = (0, Instant::now());
    while position < 200 || started.elapsed() < LIMIT * 5 {
        if position >= 200 {
            server.tell(&[tale(EventType::CustomerUpdated, jane)]).await;
        }
        position += 1;
        assert_eq!(other.event("customerEvents").await["cursor"], Cursor(position).to_string());
    }
    let mut heard = 0;
    let error = loop {
        let message = socket.hear().await;
        if message["type"] == "error" {
            break message["payload"][0].clone();
        }
        heard += 1;
        assert_eq!(message["payload"]["data"]["customerEvents"]["cursor"], Cursor(heard).to_string());
    };

    let last = Cursor(heard).to_string();
    assert_eq!(error["extensions"], json!({ "code": "RATE_LIMITED", "cursor": last }));
    assert_eq!(socket.closed().await.0, 1013);
    let mut again = Socket::start(&server).await;
    again.subscribe("1", query, json!({ "after": last })).await;
    assert_eq!(again.event("customerEvents").await["cursor"], Cursor(heard + 1).to_string());
}

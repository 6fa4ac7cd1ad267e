//! The server as its users meet it: a module for each concept, all over HTTP, on SQLite, and on PostgreSQL when
//! `TEST_DATABASE_URL` names a server on which databases can be made.

#![expect(clippy::disallowed_methods, reason = "tests read TEST_DATABASE_URL, and name databases")]

mod address;
mod browser;
mod consent;
mod contact;
mod customer;
mod customer_writes;
mod given;
mod graphql_over_http;
mod graphql_sse;
mod graphql_ws;
mod health;
mod idempotency;
mod limits;
mod linked_data;
mod nested;
mod page;
mod program;
mod schema;
mod search;
mod server;
mod socket;
mod subscription;

//! The server as its users meet it: a module for each concept, all over HTTP, on SQLite, and on PostgreSQL when
//! `TEST_DATABASE_URL` names a server on which databases can be made.

#![expect(clippy::disallowed_methods, reason = "tests read TEST_DATABASE_URL, and name databases")]

mod browser;
mod customer;
mod graphql_over_http;
mod health;
mod limits;
mod linked_data;
mod nested;
mod page;
mod program;
mod schema;
mod search;
mod selection;
mod server;
mod statements;

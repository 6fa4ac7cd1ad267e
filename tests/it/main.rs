//! The server as its users meet it: a module for each concept, all over HTTP, on SQLite, and on PostgreSQL when
//! `TEST_DATABASE_URL` names a server on which databases can be made.

#![expect(clippy::disallowed_methods, reason = "tests read TEST_DATABASE_URL, and name databases")]

mod address;
mod analytics;
mod boundaries;
mod browser;
mod churn;
mod communication;
mod consent;
mod contact;
mod crash;
mod custom_fields;
mod customer;
mod customer_deletion;
mod customer_upsert;
mod customer_writes;
mod dashboard;
mod delivery;
mod given;
mod graphql_over_http;
mod graphql_sse;
mod graphql_ws;
mod health;
mod idempotency;
mod job;
mod lifetime_value;
mod limits;
mod linked_data;
mod loyalty_standing;
mod loyalty_writes;
mod mailing;
mod migration;
mod n_quads;
mod nested;
mod order_steps;
mod order_writes;
mod page;
mod post;
mod product;
mod program;
mod reference;
mod refund;
mod rfm;
mod schema;
mod schema_org;
mod search;
mod segment_members;
mod segment_rules;
mod segment_writes;
mod selection;
mod server;
mod socket;
mod statements;
mod subscription;
mod valuation;

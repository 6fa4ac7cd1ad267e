//! A GraphQL server with a linked-data semantic layer for customer management.

pub mod address;
pub mod app;
pub mod auth;
pub mod churn;
pub mod cli;
pub mod clock;
pub mod config;
pub mod customer;
pub mod failure;
pub mod filter;
pub mod fold;
pub mod graphql;
pub mod html;
pub mod http;
pub mod import;
pub mod instant;
pub mod money;
pub mod order;
pub mod schema;
pub mod seed;
pub mod semantics;
pub mod settings;
pub mod store;

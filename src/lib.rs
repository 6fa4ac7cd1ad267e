//! A GraphQL server with a linked-data semantic layer for customer management.

pub mod address;
pub mod app;
pub mod auth;
pub mod churn;
pub mod cli;
pub mod clock;
pub mod communication;
pub mod config;
pub mod contact_point;
pub mod customer;
pub mod event;
pub mod failure;
pub mod filter;
pub mod fold;
#[cfg(test)]
mod given;
pub mod graphql;
pub mod html;
pub mod http;
pub mod import;
pub mod instant;
pub mod loyalty;
pub mod money;
pub mod order;
pub mod order_item;
pub mod product;
pub mod progress;
pub mod refund;
pub mod schema;
pub mod seed;
pub mod segment;
pub mod semantics;
pub mod settings;
pub mod store;
pub mod transaction;

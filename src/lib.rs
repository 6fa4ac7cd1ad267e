//! A GraphQL server with a linked-data semantic layer for customer management.

pub mod address;
pub mod app;
pub mod auth;
pub mod churn;
pub mod clock;
pub mod communication;
pub mod contact_point;
pub mod customer;
pub mod failure;
pub mod filter;
pub mod fold;
pub mod graphql;
pub mod instant;
pub mod loyalty;
pub mod money;
pub mod order;
pub mod order_item;
pub mod product;
pub mod refund;
pub mod schema;
pub mod segment;
pub mod semantics;
pub mod store;

//! The rows of the database: one file per table, and beside each table the enums of its columns.
//!
//! A `Model` is a row as it is stored, the same on `SQLite` and `PostgreSQL`; what clients see of it is
//! decided by the node of its concept in the server. Tables, foreign keys and indexes are made in
//! `migration/`. There are no relations here, since the server writes its own joins.
//!
//! How values are stored:
//! - Keys are version 7 UUIDs, which sort by the time they were made.
//! - Instants are milliseconds since 1970 in UTC, a `BIGINT`, so that they have the same type, order and
//!   arithmetic on both databases.
//! - Amounts are whole minor units of their currency (cents); unit prices and line discounts are
//!   ten-thousandths of one.
//! - Enums are stored by their GraphQL name, lists and objects as JSON.
//! - A column named `…_key` holds the folded text of another, by which rows are found and sorted, byte by
//!   byte. One named `…_sort` is computed by the database and never null; it is no part of a row, and a
//!   `SortKey` names it.

// The macros name this crate as its users do.
extern crate self as entity;

pub use sea_orm::prelude::ChronoUnixTimestampMillis;

pub mod address;
pub mod churn_state;
pub mod communication;
pub mod communication_attempt;
pub mod consent;
pub mod contact_point;
pub mod customer;
pub mod customer_tag;
pub mod event;
pub mod idempotency;
pub mod job_lease;
pub mod job_run;
pub mod lifetime_value_prediction;
pub mod lifetime_value_run;
pub mod loyalty_membership;
pub mod loyalty_program;
pub mod loyalty_tier;
pub mod loyalty_tier_interval;
pub mod order;
pub mod order_item;
pub mod product;
pub mod refund;
pub mod rfm_run;
pub mod rfm_score;
pub mod segment;
pub mod segment_membership;
pub mod store;
pub mod term;
pub mod texts;

/// What stands for a missing instant in sort order: the first instant of year 1, in milliseconds since 1970.
///
/// Lists sorted by a nullable instant are sorted by a `SortKey` of their table, in which this stands for
/// null, so that rows without one come first.
pub const INSTANT_BEFORE_ALL: i64 = -62_135_596_800_000;

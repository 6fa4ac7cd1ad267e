//! Seeding: synthetic customers with everything that hangs on them, for load tests and for looking around.
//!
//! The same options at the same instant make the same rows, keys included. Every field and relation is in use
//! somewhere; only deleted customers do not occur, so that as many are seen as were asked for.
//!
//! Customers are written in batches, each whole. A seeding that was interrupted is completed by running it again: it
//! draws from the beginning, as of the same day, and leaves alone who is there.

mod chance;
mod communications;
mod contacts;
mod market;
mod memberships;
mod people;
mod products;
mod purchases;
mod run;
#[cfg(test)]
mod tests;

pub use run::{Report, run};

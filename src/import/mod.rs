//! Importing: files of other systems become customers, products and orders.
//!
//! Rows keep the key they had as `externalId`, by which a second import of the same files recognises them, so
//! that it changes nothing. An import is one transaction: its rows, the figures that follow from them, tiers
//! and segments appear together or not at all.

mod calendar;
mod chinook;
mod country;
mod demo;
mod dollars;
mod draft;
mod known;
mod northwind;
mod report;
mod run;
mod source;
#[cfg(test)]
mod tests;

pub use calendar::Dates;
pub use demo::demo;
pub use report::Report;
pub use run::run;

//! Importing: files of other systems become customers, products, orders and refunds.
//!
//! Rows keep the key they had as `externalId`, or get one by their place, so that a second import of the same files
//! recognises them and changes nothing. Small shops (`run::Dataset`) are held in memory and written in one
//! transaction. Long files (`bill::Ledger`) are read twice, to be checked and to be taken, and written in batches:
//! an import that is interrupted is completed by running it again.
//!
//! What follows from the rows is computed by the statements of the jobs, and told as events with the instants at which
//! it happened.

mod bill;
mod calendar;
mod cdnow;
mod chinook;
mod consequences;
mod country;
mod demo;
mod dollars;
mod draft;
mod known;
mod ledger;
#[cfg(test)]
mod ledger_tests;
mod northwind;
mod online_retail;
mod rejections;
mod report;
mod run;
mod source;
#[cfg(test)]
mod tests;
mod value;

pub use demo::demo;
pub use report::Report;
pub use run::run;

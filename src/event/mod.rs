//! Events: what happened to customers, told in the transaction that makes it true, and read by whoever reacts.
//!
//! An operation emits an [`Event`]; `reactions` decides what follows from it; [`log::append`] writes all events of
//! a transaction with it. A committed event has a position in the log: a total order without gaps, by which
//! subscribers read on where they stopped.
//!
//! One task of each process, the [`reader`], reads the log and feeds all who follow it. What a subscription shows
//! of a section of the log is decided in `subscription`; who follows the log for whom, in `http`.

mod bell;
mod catalogue;
mod cursor;
mod feed;
mod filter;
mod links;
pub mod log;
mod node;
pub mod reader;
mod subscription;
#[cfg(test)]
mod tests;

pub use bell::Bell;
pub use catalogue::{Event, Tale};
pub use cursor::Cursor;
pub use feed::{BATCH_SIZE, Batch, Feed, Follower};
pub use filter::{CustomerEventOrderBy, CustomerEventOrderField, CustomerEventRelation, CustomerEventWhere};
pub use node::CustomerEvent;
pub use subscription::{EventSubscription, Section};

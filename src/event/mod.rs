//! Events: what happened to customers, told in the transaction that makes it true, and read by whoever reacts.
//!
//! An operation emits an [`Event`]; `reactions` decides what follows from it; [`log::append`] writes all events of
//! a transaction with it. A committed event has a position in the log: a total order without gaps, by which
//! subscribers read on where they stopped.

mod bell;
mod catalogue;
mod cursor;
mod filter;
mod links;
pub mod log;
mod node;

pub use bell::Bell;
pub use catalogue::{Event, Tale};
pub use cursor::Cursor;
pub use filter::{CustomerEventOrderBy, CustomerEventRelation, CustomerEventWhere};
pub use node::CustomerEvent;

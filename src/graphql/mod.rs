//! The parts that every GraphQL type uses: connections, comparisons, scalars, payloads, errors.

pub mod comparison;
mod connection;
mod error;
mod node;
mod order;
mod pages;
mod payload;
mod scalar;
mod selection;

pub use connection::{Connection, condition, listed, place, related, related_where, rule};
pub use error::{code, coded, incident};
pub use node::{common, find_by, find_by_id, first, follow, node_document, node_id, twin};
pub use order::OrderDirection;
pub(crate) use order::order_by;
pub use pages::{DEFAULT_SIZE, LARGEST_SIZE, Listed, Pages, parse_cursor, write_cursor};
pub(crate) use payload::payload;
pub use payload::{Written, deleted_id, key_of, written};
pub use scalar::{Decimal, Duration, past_instant};
pub use selection::{narrowed, selects};

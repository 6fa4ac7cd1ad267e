//! What a store is set up with: its currency, and the program and segments that every store begins with.

mod preparation;
mod query;

pub use preparation::{DEFAULT_CURRENCY, prepare};
pub use query::{Store, StoreQuery};

//! What a store is set up with: its currency, how it values customers, and the program and segments that every store
//! begins with.

mod preparation;
mod query;
mod valuation;

pub use preparation::{DEFAULT_CURRENCY, prepare};
pub use query::{Store, StoreQuery};
pub use valuation::{set_valuation, valuation};

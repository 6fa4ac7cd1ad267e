//! The database: how it is reached, how rows become nodes, and how lists are read in pages.
//!
//! What differs between SQLite and PostgreSQL is confined to this room.

mod database;
mod dialect;
mod page;
mod question;
mod record;
mod rows;
mod siblings;
mod writing;

pub use database::{Database, Preparation};
pub use dialect::{Dialect, JsonType, Values};
pub use page::{
    Join, Page, Position, Row, Sort, SortKind, SortValue, Window, count, count_by_parent, keys_where, page,
    page_by_parent, row, row_by_key, rows_by_key,
};
pub use question::Question;
pub use record::{Columns, Read, Reading, Record};
pub use rows::Rows;
pub use siblings::Siblings;
pub use writing::{Kind, execute, insert_all, query, read_each, update};

//! What long files of purchases have in common: they are read twice. The first reading finds out what must be known
//! before anything is written; the second makes a [`Bill`] of one row or several.

use std::collections::BTreeMap;

use anyhow::bail;
use chrono::{DateTime, Utc};
use sea_orm::prelude::Json;

use super::source::{Place, Row, Table};

/// A file of purchases that is too long to be held.
pub trait Ledger: Default + Send {
    /// What its rows are.
    type Row: Table + Send;

    /// In which column a row says when it happened.
    const INSTANT: &'static str;

    /// When the row happened.
    fn instant(row: &Self::Row) -> DateTime<Utc>;

    /// First reading: a row that can be taken, or else the error is [`super::rejections::Refused`].
    fn survey(&mut self, row: &Row<Self::Row>) -> anyhow::Result<()>;

    /// Either reading: the row here is wrong, and what it belongs to may be wrong with it.
    fn spoil(&mut self, place: &Place);

    /// Between the readings: what the file holds, and what is wrong with it that no single row shows.
    fn conclude(&mut self) -> (Book, Vec<String>);

    /// Second reading: a row that could be taken at the first, and the bill that it completes. The error is
    /// [`super::rejections::Refused`] when its bill is wrong.
    fn take(&mut self, row: Row<Self::Row>) -> anyhow::Result<Option<Bill>>;
}

/// What a file is about. This is kept in memory, besides the bills that are being written and what the ledger keeps of
/// its own: it grows with customers and products, not with rows.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// The customers by their ids.
    pub customers: BTreeMap<String, Profile>,
    /// The products by their ids.
    pub products: BTreeMap<String, Article>,
}

/// What a file says of a customer.
#[derive(Clone, Debug)]
pub struct Profile {
    /// When they first bought, or got money back.
    pub since: DateTime<Utc>,
    /// Their country as written.
    pub country: Option<String>,
    /// What has no field of its own.
    pub custom_fields: Option<Json>,
}

/// What a file says of a product.
#[derive(Clone, Debug)]
pub struct Article {
    /// Its name.
    pub name: String,
    /// The price of one, in ten-thousandths of a minor unit.
    pub unit_price: i64,
}

/// An order or a refund.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Its key in the files.
    pub id: String,
    /// The id of the customer.
    pub customer: String,
    /// When it was made: the order is placed and delivered then, the money given back.
    pub at: DateTime<Utc>,
    /// What it is.
    pub content: Content,
}

/// What a bill is.
#[derive(Clone, Debug)]
pub enum Content {
    /// An order of these items.
    Purchase(Vec<Item>),
    /// So many minor units given back, for no single order.
    Refund(i64),
}

/// A line of an order.
#[derive(Clone, Debug)]
pub struct Item {
    /// The id of the product, if it is one.
    pub product: Option<String>,
    /// What was sold.
    pub name: String,
    /// How many.
    pub quantity: i32,
    /// The price of one, in ten-thousandths of a minor unit.
    pub unit_price: i64,
}

/// What the second reading finds that the first did not.
///
/// # Errors
/// Always.
pub fn changed_meanwhile<T>(place: &Place) -> anyhow::Result<T> {
    bail!("{} was changed while it was read", place.head.file)
}

//! CDNOW: persons who bought CDs for dollars. Every row is an order, placed and delivered on its date.
//!
//! Rows have no key, and some equal another in every column. An order is known by its customer and its number among the
//! rows of that customer: `cdnow-00004-2`. The sample holds all rows of its customers, in the order of the whole file,
//! so that an order is the same in both, and whoever imports the sample and then the whole file has each once.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{
    bill::{Bill, Book, Content, Item, Ledger, Profile},
    dollars::Dollars,
    source::{Place, Row, table},
};
use crate::instant::Day;

table! {
    /// What a customer bought at one time.
    CdnowRow {
        customer_id: String,
        date: Day,
        quantity: i32,
        amount: Dollars,
    }
}

/// The column that the sample has besides: the number of the customer in it.
const SAMPLE_ID: &str = "sample_id";

/// The most CDs at a time of which the price of one, rounded to a ten-thousandth of a cent, still comes to the amount.
const MOST: i32 = 9_999;

/// The file.
#[derive(Debug, Default)]
pub struct Cdnow {
    book: Book,
    /// How many rows of each customer have been passed at the second reading.
    passed: HashMap<String, u64>,
    is_surveyed: bool,
}

impl Ledger for Cdnow {
    type Row = CdnowRow;

    const INSTANT: &'static str = "date";

    fn instant(row: &CdnowRow) -> DateTime<Utc> {
        row.date.start()
    }

    fn survey(&mut self, row: &Row<CdnowRow>) -> anyhow::Result<()> {
        item(row)?;
        let since = row.fields.date.start();
        let profile = self.book.customers.entry(row.fields.customer_id.clone()).or_insert_with(|| Profile {
            since,
            country: None,
            custom_fields: row.place.text(SAMPLE_ID).map(|id| json!({ "sampleId": id })),
        });
        profile.since = profile.since.min(since);
        Ok(())
    }

    /// A wrong row has a number too, so that those of the others stay when it is corrected.
    fn spoil(&mut self, place: &Place) {
        if let Some(customer) = place.text("customer_id").filter(|_| self.is_surveyed) {
            *self.passed.entry(customer.to_owned()).or_default() += 1;
        }
    }

    fn conclude(&mut self) -> (Book, Vec<String>) {
        self.is_surveyed = true;
        (std::mem::take(&mut self.book), Vec::new())
    }

    fn take(&mut self, row: Row<CdnowRow>) -> anyhow::Result<Option<Bill>> {
        let number = self.passed.entry(row.fields.customer_id.clone()).or_default();
        *number += 1;
        let item = item(&row)?;
        let CdnowRow { customer_id: customer, date, .. } = row.fields;
        let id = format!("cdnow-{customer}-{number}");
        Ok(Some(Bill { id, customer, at: date.start(), content: Content::Purchase(vec![item]) }))
    }
}

/// So many CDs, at a price of one that comes to the amount when the order is rounded.
fn item(row: &Row<CdnowRow>) -> anyhow::Result<Item> {
    let CdnowRow { quantity, amount, .. } = row.fields;
    if !(1..=MOST).contains(&quantity) {
        return Err(row.wrong("quantity", format_args!("is not from 1 to {MOST}")));
    }
    let exact = i128::from(amount.0) * 10_000;
    let price = (2 * exact + i128::from(quantity)) / (2 * i128::from(quantity));
    let unit_price = price.try_into().map_err(|_| row.wrong("amount", "is too large"))?;
    Ok(Item { product: None, name: "CD".to_owned(), quantity, unit_price })
}

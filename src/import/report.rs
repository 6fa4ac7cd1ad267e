//! What an import did.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    path::PathBuf,
};

use super::{calendar::Calendar, rejections::Rejections, run::Manner};
use crate::{config::Format, store::Rows};

/// What an import wrote and left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What was read.
    pub format: Format,
    /// Customers written.
    pub customers: u64,
    /// Orders written.
    pub orders: u64,
    /// Refunds written.
    pub refunds: u64,
    /// Products written.
    pub products: u64,
    /// Customers, orders, refunds and products that were there already, and were left as they are.
    pub recognized: u64,
    /// Rows of the files that are part of that.
    pub accepted_rows: u64,
    /// Rows that were not taken, by reason.
    pub rejected_rows: BTreeMap<String, u64>,
    /// The file that holds those rows, if there is one.
    pub rejected_file: Option<PathBuf>,
    /// By how many days all dates were moved.
    pub shift_in_days: i64,
    /// Whether nothing was written, and this is what would have been.
    pub is_rehearsal: bool,
}

/// How much of what is imported is new, and how much the store has already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    customers: u64,
    orders: u64,
    refunds: u64,
    products: u64,
    recognized: u64,
}

impl Tally {
    /// Of new rows, beside so many things that were there already.
    pub fn of(rows: &Rows, recognized: u64) -> Self {
        Self {
            customers: rows.customers.len() as u64,
            orders: rows.orders.len() as u64,
            refunds: rows.refunds.len() as u64,
            products: rows.products.len() as u64,
            recognized,
        }
    }
}

impl Report {
    /// Nothing so far.
    pub(super) fn new(format: Format, manner: &Manner, calendar: Calendar) -> Self {
        Self {
            format,
            customers: 0,
            orders: 0,
            refunds: 0,
            products: 0,
            recognized: 0,
            accepted_rows: 0,
            rejected_rows: BTreeMap::new(),
            rejected_file: None,
            shift_in_days: calendar.shift_in_days(),
            is_rehearsal: manner.is_rehearsal,
        }
    }

    /// So much was written, and so much was there already.
    pub(super) fn add(&mut self, tally: Tally) {
        self.customers += tally.customers;
        self.orders += tally.orders;
        self.refunds += tally.refunds;
        self.products += tally.products;
        self.recognized += tally.recognized;
    }

    /// All rows are read, and these were not taken.
    pub(super) fn reject(&mut self, rejections: &mut Rejections) -> anyhow::Result<()> {
        self.rejected_file = rejections.complete()?;
        self.rejected_rows = rejections.counts();
        self.accepted_rows = rejections.rows - self.rejected_rows.values().sum::<u64>();
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let written = [
            (self.customers, "customers"),
            (self.orders, "orders"),
            (self.refunds, "refunds"),
            (self.products, "products"),
        ];
        let written = written.into_iter().filter(|(count, _)| *count > 0);
        let written: Vec<_> = written.map(|(count, things)| format!("{count} {things}")).collect();
        let done = if self.is_rehearsal { "would be imported" } else { "imported" };
        write!(formatter, "{}: ", self.format)?;
        match written.as_slice() {
            [] => formatter.write_str("nothing new")?,
            [only] => write!(formatter, "{only} {done}")?,
            [first @ .., last] => write!(formatter, "{} and {last} {done}", first.join(", "))?,
        }
        if self.recognized > 0 {
            write!(formatter, "; {} already there", self.recognized)?;
        }
        if !self.rejected_rows.is_empty() {
            let reasons: Vec<_> =
                self.rejected_rows.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
            let count: u64 = self.rejected_rows.values().sum();
            let accepted = self.accepted_rows;
            write!(formatter, "; {accepted} rows accepted, {count} rejected: {}", reasons.join(", "))?;
        }
        if let Some(file) = &self.rejected_file {
            write!(formatter, " (see {})", file.display())?;
        }
        if self.shift_in_days != 0 && !written.is_empty() {
            write!(formatter, "; all dates moved by {} days", self.shift_in_days)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_told() {
        let nothing = Report {
            format: Format::Chinook,
            customers: 0,
            orders: 0,
            refunds: 0,
            products: 0,
            recognized: 0,
            accepted_rows: 471,
            rejected_rows: BTreeMap::new(),
            rejected_file: None,
            shift_in_days: 334,
            is_rehearsal: false,
        };
        let again = Report { recognized: 471, ..nothing.clone() };
        let one = Report { orders: 412, shift_in_days: 0, ..nothing.clone() };
        let rehearsal = Report { is_rehearsal: true, ..one.clone() };
        let most = Report {
            customers: 59,
            orders: 412,
            products: 7,
            recognized: 1,
            accepted_rows: 469,
            rejected_rows: [("wrong total".to_owned(), 2), ("no total".to_owned(), 1)].into(),
            rejected_file: Some("shop.csv.rejected.csv".into()),
            ..nothing.clone()
        };
        let cases = [
            (nothing, "chinook: nothing new"),
            (again, "chinook: nothing new; 471 already there"),
            (one, "chinook: 412 orders imported"),
            (rehearsal, "chinook: 412 orders would be imported"),
            (
                most,
                "chinook: 59 customers, 412 orders and 7 products imported; 1 already there; \
                 469 rows accepted, 3 rejected: 1 no total, 2 wrong total (see shop.csv.rejected.csv); all dates moved by 334 days",
            ),
        ];

        for (report, expected) in cases {
            assert_eq!(report.to_string(), expected);
        }
    }
}

//! What an import did.

use std::fmt::{self, Display, Formatter};

use crate::config::Format;

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
    /// Customers, orders and products that were there already, and were left as they are.
    pub recognized: u64,
    /// Rows that could not be taken. The formats so far are taken as a whole or not at all, so none.
    pub rejected_rows: u64,
    /// By how many days all dates were moved.
    pub shift_in_days: i64,
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
        write!(formatter, "{}: ", self.format)?;
        match written.as_slice() {
            [] => formatter.write_str("nothing new")?,
            [only] => write!(formatter, "{only} imported")?,
            [first @ .., last] => write!(formatter, "{} and {last} imported", first.join(", "))?,
        }
        if self.recognized > 0 {
            write!(formatter, "; {} already there", self.recognized)?;
        }
        if self.rejected_rows > 0 {
            write!(formatter, "; {} rejected", self.rejected_rows)?;
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
            rejected_rows: 0,
            shift_in_days: 334,
        };
        let again = Report { recognized: 471, ..nothing.clone() };
        let one = Report { orders: 412, shift_in_days: 0, ..nothing.clone() };
        let most =
            Report { customers: 59, orders: 412, products: 7, recognized: 1, rejected_rows: 2, ..nothing.clone() };
        let cases = [
            (nothing, "chinook: nothing new"),
            (again, "chinook: nothing new; 471 already there"),
            (one, "chinook: 412 orders imported"),
            (
                most,
                "chinook: 59 customers, 412 orders and 7 products imported; 1 already there; 2 rejected; \
                 all dates moved by 334 days",
            ),
        ];

        for (report, expected) in cases {
            assert_eq!(report.to_string(), expected);
        }
    }
}

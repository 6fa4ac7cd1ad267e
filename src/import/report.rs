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
        let Self { format, customers, orders, refunds, products, .. } = self;
        write!(
            formatter,
            "{format}: {customers} customers, {orders} orders, {refunds} refunds and {products} products \
             imported; {} were there already, {} rows rejected",
            self.recognized, self.rejected_rows
        )?;
        if self.shift_in_days != 0 {
            write!(formatter, "; all dates moved by {} days", self.shift_in_days)?;
        }
        Ok(())
    }
}

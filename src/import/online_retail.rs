//! Online Retail: a British shop for gifts, in pounds. Every row is a line of an invoice.
//!
//! An invoice is one order, placed and delivered at its earliest line; one whose number begins with `C` is one refund,
//! linked to no order. Lines without a customer are left out. An invoice with a wrong line is not taken at all: its sum
//! would be another one. Lines of an invoice may stand apart.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::{
    bill::{Article, Bill, Book, Content, Item, Ledger, Profile, changed_meanwhile},
    source::{Place, Row, table},
    value::Value,
};
use crate::money::{Currency, UnitPrice};

/// The code of the currency of the shop.
pub const CURRENCY: &str = "GBP";

/// Stock codes of what is no product: postage, carriage, discounts, fees, samples, entries by hand.
const NO_PRODUCTS: [&str; 11] = ["AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "POST", "S", "m"];

/// What the stock codes of gift vouchers begin with.
const VOUCHER: &str = "gift_";

/// What the file calls a country that it does not know.
const NO_COUNTRY: &str = "Unspecified";

/// Countries that the file calls by no name of theirs.
const COUNTRIES: [(&str, &str); 2] = [("EIRE", "Ireland"), ("RSA", "South Africa")];

table! {
    /// A line of an invoice.
    RetailRow needs "CustomerID" {
        invoice in "InvoiceNo": String,
        stock_code in "StockCode": String,
        description in "Description": Option<String>,
        quantity in "Quantity": i32,
        date in "InvoiceDate": Minute,
        price in "UnitPrice": Pounds,
        customer in "CustomerID": String,
        country in "Country": Option<String>,
    }
}

/// An instant to the minute, taken as UTC.
#[derive(Clone, Copy, Debug)]
pub struct Minute(DateTime<Utc>);

/// A unit price in ten-thousandths of a penny, not negative.
#[derive(Clone, Copy, Debug)]
pub struct Pounds(i64);

/// What the first reading finds of an invoice.
#[derive(Clone, Debug)]
struct Invoice {
    customer: String,
    country: Option<String>,
    /// Its earliest line.
    at: DateTime<Utc>,
    /// The last line in the file.
    last_line: u64,
    /// What its lines come to, in ten-thousandths of a penny.
    sum: i128,
}

/// The file. Of each invoice a little is kept, some 250 bytes, as any line to come may be its last; of its lines what
/// is between the first and the last, which mostly follow each other.
#[derive(Debug, Default)]
pub struct OnlineRetail {
    invoices: HashMap<String, Invoice>,
    /// Why an invoice is not taken.
    spoiled: HashMap<String, String>,
    products: HashMap<String, Article>,
    open: HashMap<String, Vec<Item>>,
}

impl Ledger for OnlineRetail {
    type Row = RetailRow;

    const INSTANT: &'static str = "InvoiceDate";

    fn instant(row: &RetailRow) -> DateTime<Utc> {
        row.date.0
    }

    fn survey(&mut self, row: &Row<RetailRow>) -> anyhow::Result<()> {
        let RetailRow { invoice: id, stock_code, quantity, date, price, customer, country, .. } = &row.fields;
        let fresh =
            || Invoice { customer: customer.clone(), country: country.clone(), at: date.0, last_line: 0, sum: 0 };
        let invoice = self.invoices.entry(id.clone()).or_insert_with(fresh);
        check(row, invoice)?;
        invoice.at = invoice.at.min(date.0);
        invoice.last_line = row.place.line;
        invoice.sum += i128::from(*quantity) * i128::from(price.0);
        if !is_refund(id) && is_product(stock_code) {
            let article = Article { name: name(&row.fields), unit_price: price.0 };
            self.products.insert(stock_code.clone(), article);
        }
        Ok(())
    }

    fn spoil(&mut self, place: &Place) {
        if let Some(invoice) = place.text("InvoiceNo") {
            self.spoiled.entry(invoice.to_owned()).or_insert_with(|| format!("line {} is wrong", place.line));
        }
    }

    fn conclude(&mut self) -> (Book, Vec<String>) {
        let mut wrong = Vec::new();
        for (id, invoice) in &self.invoices {
            let is_right = if is_refund(id) {
                minor_units(-invoice.sum).is_some_and(|returned| returned > 0)
            } else {
                minor_units(invoice.sum).is_some()
            };
            if !is_right && !self.spoiled.contains_key(id) {
                self.spoiled.insert(id.clone(), "it comes to an amount that it cannot have".to_owned());
                wrong.push(format!("invoice {id} comes to an amount that it cannot have"));
            }
        }
        wrong.sort();
        let (spoiled, products) = (&self.spoiled, std::mem::take(&mut self.products));
        let mut book = Book { products: products.into_iter().collect(), ..Book::default() };
        let mut invoices: Vec<_> = self.invoices.iter().filter(|(id, _)| !spoiled.contains_key(*id)).collect();
        invoices.sort_by_key(|(_, invoice)| (invoice.at, invoice.last_line));
        for (_, Invoice { customer, country, at, .. }) in invoices {
            let known = book.customers.entry(customer.clone()).or_insert_with(|| Profile {
                since: *at,
                country: None,
                custom_fields: None,
            });
            known.country = country.as_deref().filter(|country| *country != NO_COUNTRY).map(|country| {
                let other = COUNTRIES.iter().find(|(written, _)| *written == country);
                other.map_or(country, |(_, name)| name).to_owned()
            });
        }
        (book, wrong)
    }

    fn take(&mut self, row: Row<RetailRow>) -> anyhow::Result<Option<Bill>> {
        let Some(invoice) = self.invoices.get(&row.fields.invoice) else { return changed_meanwhile(&row.place) };
        check(&row, invoice)?;
        let Row { place, fields } = row;
        if let Some(reason) = self.spoiled.get(&fields.invoice) {
            return Err(place.wrong(None, format!("invoice {} is not taken: {reason}", fields.invoice)).into());
        }
        let (id, is_refund) = (fields.invoice.clone(), is_refund(&fields.invoice));
        if !is_refund {
            let item = Item {
                product: is_product(&fields.stock_code).then(|| fields.stock_code.clone()),
                name: name(&fields),
                quantity: fields.quantity,
                unit_price: fields.price.0,
            };
            self.open.entry(id.clone()).or_default().push(item);
        }
        if place.line < invoice.last_line {
            return Ok(None);
        }
        let content = match (is_refund, minor_units(-invoice.sum)) {
            (false, _) => Content::Purchase(self.open.remove(&id).unwrap_or_default()),
            (true, Some(amount)) => Content::Refund(amount),
            (true, None) => return changed_meanwhile(&place),
        };
        Ok(Some(Bill { id, customer: invoice.customer.clone(), at: invoice.at, content }))
    }
}

/// Refuses a line that does not belong to its invoice.
fn check(row: &Row<RetailRow>, invoice: &Invoice) -> anyhow::Result<()> {
    let RetailRow { invoice: id, quantity, customer, .. } = &row.fields;
    if *quantity < 1 && !is_refund(id) {
        return Err(row.wrong("Quantity", "is less than 1, and the invoice is no refund: its number has no C"));
    }
    if invoice.customer != *customer {
        let message = format!("is another customer than {:?}, whose invoice this is", invoice.customer);
        return Err(row.wrong("CustomerID", message));
    }
    Ok(())
}

fn is_refund(invoice: &str) -> bool {
    invoice.starts_with('C')
}

fn is_product(stock_code: &str) -> bool {
    !NO_PRODUCTS.contains(&stock_code) && !stock_code.starts_with(VOUCHER)
}

/// The description, or the stock code where there is none.
fn name(row: &RetailRow) -> String {
    row.description.as_ref().unwrap_or(&row.stock_code).trim().to_owned()
}

/// An amount in ten-thousandths of a penny as pennies, rounded half up. Nothing when it is out of range.
fn minor_units(exact: i128) -> Option<i64> {
    (exact + 5_000).div_euclid(10_000).try_into().ok()
}

impl Value for Minute {
    fn read(text: &str) -> Result<Self, String> {
        let instant = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S");
        let wrong = |_| format!("{text:?} is not an instant such as 2010-12-01 08:26:00");
        instant.map(|instant| Self(instant.and_utc())).map_err(wrong)
    }
}

impl Value for Pounds {
    fn read(text: &str) -> Result<Self, String> {
        let currency: Currency = CURRENCY.parse()?;
        let parsed = UnitPrice::parse(text, currency).filter(|price| price.units >= 0);
        let wrong = || format!("{text:?} is not a price in pounds with at most six places");
        parsed.map(|price| Self(price.units)).ok_or_else(wrong)
    }
}

//! The Chinook shop: persons who buy music for dollars. Every invoice is an order of one line, placed and
//! delivered on its date.

use std::collections::HashMap;

use entity::{
    customer::{self, CustomerKind},
    order::{self, PostalAddress},
    order_item,
};
use sea_orm::prelude::Json;
use uuid::Uuid;

use super::{
    country,
    dollars::{self, Dollars},
    draft::Draft,
    known::Keys,
    rejections::Rejections,
    run::{Dataset, Selection},
    source::{Row, Source, table},
    value::Email,
};
use crate::{customer::row::complete, fold, instant::Day};

table! {
    /// A person, at home or in a company.
    CustomerRow {
        customer_id: String,
        first_name: String,
        last_name: String,
        company: Option<String>,
        street_address: Option<String>,
        city: Option<String>,
        region: Option<String>,
        country: Option<String>,
        postal_code: Option<String>,
        phone: Option<String>,
        fax: Option<String>,
        email: Option<Email>,
        customer_since: Day,
    }
}

table! {
    /// What was billed at one time.
    InvoiceRow {
        invoice_id: String,
        customer_id: String,
        invoice_date: Day,
        total: Dollars,
    }
}

/// The two files.
#[derive(Debug)]
pub struct Chinook {
    customers: Vec<Row<CustomerRow>>,
    invoices: Vec<Row<InvoiceRow>>,
}

impl Chinook {
    /// Reads the files, whatever their order and names.
    pub fn read(sources: &[Source], rejections: &mut Rejections) -> anyhow::Result<Self> {
        Ok(Self {
            customers: Source::rows_among(sources, "customers", rejections)?,
            invoices: Source::rows_among(sources, "invoices", rejections)?,
        })
    }
}

impl Dataset for Chinook {
    fn newest_order(&self) -> Option<Day> {
        self.invoices.iter().map(|row| row.fields.invoice_date).max()
    }

    fn keys(&self) -> Keys {
        let emails = self.customers.iter().filter_map(|row| row.fields.email.as_ref());
        Keys {
            customers: self.customers.iter().map(|row| row.fields.customer_id.clone()).collect(),
            orders: self.invoices.iter().map(|row| row.fields.invoice_id.clone()).collect(),
            emails: emails.map(|email| fold::email(&email.0)).collect(),
            ..Keys::default()
        }
    }

    fn select(&self, draft: &Draft<'_>, rejections: &mut Rejections) -> anyhow::Result<Selection> {
        let mut selection = Selection::default();
        let customers = self.customers(draft, &mut selection, rejections)?;
        self.orders(draft, &customers, &mut selection, rejections)?;
        Ok(selection)
    }
}

impl Chinook {
    /// Selects the customers with their addresses, and gives the keys of all by their ids in the files.
    fn customers(
        &self,
        draft: &Draft<'_>,
        selection: &mut Selection,
        rejections: &mut Rejections,
    ) -> anyhow::Result<HashMap<&str, Uuid>> {
        let mut emails = draft.known.emails.clone();
        let id: (_, fn(&CustomerRow) -> &str) = ("customer_id", |row| &row.customer_id);
        selection.keys(&self.customers, id, &draft.known.customers, rejections, |row, rows| {
            let customer = customer(draft, row)?;
            if customer.email_key.as_ref().is_some_and(|email| !emails.insert(email.clone())) {
                return Err(row.wrong("email", "another customer has this address"));
            }
            let key = customer.id;
            rows.addresses.push(draft.address(key, postal(&row.fields)));
            rows.customers.push(customer);
            Ok(key)
        })
    }

    fn orders(
        &self,
        draft: &Draft<'_>,
        customers: &HashMap<&str, Uuid>,
        selection: &mut Selection,
        rejections: &mut Rejections,
    ) -> anyhow::Result<()> {
        let id: (_, fn(&InvoiceRow) -> &str) = ("invoice_id", |row| &row.invoice_id);
        selection.keys(&self.invoices, id, &draft.known.orders, rejections, |row, rows| {
            let buyer = row.fields.customer_id.as_str();
            let customer = customers.get(buyer).copied();
            let customer =
                customer.ok_or_else(|| row.wrong("customer_id", format_args!("there is no customer {buyer:?}")))?;
            let (order, item) = order(draft, row, customer)?;
            let key = order.id;
            rows.orders.push(order);
            rows.items.push(item);
            Ok(key)
        })?;
        Ok(())
    }
}

fn customer(draft: &Draft<'_>, row: &Row<CustomerRow>) -> anyhow::Result<customer::Model> {
    let fields = &row.fields;
    let since = draft.happened(row, "customer_since", fields.customer_since)?;
    let name = format!("{} {}", fields.first_name, fields.last_name);
    let mut customer = draft.customer(CustomerKind::Person, name, &fields.customer_id, since);
    customer.given_name = Some(fields.first_name.clone());
    customer.family_name = Some(fields.last_name.clone());
    customer.email = fields.email.as_ref().map(|email| email.0.clone());
    customer.telephone.clone_from(&fields.phone);
    customer.telephone_e164 = country::telephone(fields.phone.as_deref(), fields.country.as_deref());
    customer.custom_fields = custom_fields(fields);
    Ok(complete(customer))
}

/// What has no field of its own.
fn custom_fields(fields: &CustomerRow) -> Option<Json> {
    let given = [("company", &fields.company), ("fax", &fields.fax)];
    let given = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
    let given: serde_json::Map<_, _> = given.collect();
    (!given.is_empty()).then_some(Json::Object(given))
}

fn postal(fields: &CustomerRow) -> PostalAddress {
    PostalAddress {
        name: None,
        street_address: fields.street_address.clone(),
        address_locality: fields.city.clone(),
        address_region: fields.region.clone(),
        postal_code: fields.postal_code.clone(),
        address_country: fields.country.as_deref().map(country::code),
    }
}

fn order(
    draft: &Draft<'_>,
    row: &Row<InvoiceRow>,
    customer: Uuid,
) -> anyhow::Result<(order::Model, order_item::Model)> {
    let fields = &row.fields;
    let date = draft.happened(row, "invoice_date", fields.invoice_date)?;
    let key = draft.clock.key();
    let unit_price = fields.total.0.checked_mul(10_000);
    let item = order_item::Model {
        id: draft.clock.key(),
        order_id: key,
        customer_id: customer,
        position: 1,
        product_id: None,
        name: format!("Invoice {}", fields.invoice_id),
        quantity: 1,
        currency: dollars::CODE.to_owned(),
        unit_price: unit_price.ok_or_else(|| row.wrong("total", "is too large"))?,
        discount: 0,
    };
    let items = std::slice::from_ref(&item);
    let order = draft.order(key, customer, &fields.invoice_id, date, Some(date), items)?;
    Ok((order, item))
}

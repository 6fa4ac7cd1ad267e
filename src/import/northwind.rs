//! The Northwind traders: organizations that order in dollars.
//!
//! Freight is kept beside the total, not in it. The shipped date is taken as the delivery; an order without
//! one is still in processing.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis, contact_point,
    customer::CustomerKind,
    order::{self, PostalAddress},
    order_item, product,
};
use uuid::Uuid;

use super::{
    country,
    dollars::{self, Dollars, Fraction, UnitDollars},
    draft::Draft,
    known::Keys,
    rejections::Rejections,
    run::{Dataset, Selection},
    source::{Row, Source, table},
};
use crate::{customer::row::complete, fold, instant::Day, money::Money, store::Rows};

table! {
    /// An organization with its contact.
    CustomerRow {
        customer_id: String,
        company_name: String,
        contact_name: Option<String>,
        contact_title: Option<String>,
        street_address: Option<String>,
        city: Option<String>,
        region: Option<String>,
        postal_code: Option<String>,
        country: Option<String>,
        phone: Option<String>,
        fax: Option<String>,
        customer_since: Day,
    }
}

table! {
    /// An order, with what its lines come to.
    OrderRow {
        order_id: String,
        customer_id: String,
        order_date: Day,
        required_date: Option<Day>,
        shipped_date: Option<Day>,
        freight: Option<Dollars>,
        ship_name: Option<String>,
        ship_address: Option<String>,
        ship_city: Option<String>,
        ship_region: Option<String>,
        ship_postal_code: Option<String>,
        ship_country: Option<String>,
        order_total: Dollars,
    }
}

table! {
    /// A line of an order.
    LineRow {
        order_id: String,
        product_id: String,
        unit_price: UnitDollars,
        quantity: i32,
        discount: Fraction,
    }
}

/// The three files.
#[derive(Debug)]
pub struct Northwind {
    customers: Vec<Row<CustomerRow>>,
    orders: Vec<Row<OrderRow>>,
    lines: Vec<Row<LineRow>>,
}

impl Northwind {
    /// Reads the files, whatever their order and names.
    pub fn read(sources: &[Source], rejections: &mut Rejections) -> anyhow::Result<Self> {
        Ok(Self {
            customers: Source::rows_among(sources, "customers", rejections)?,
            orders: Source::rows_among(sources, "orders", rejections)?,
            lines: Source::rows_among(sources, "order lines", rejections)?,
        })
    }
}

impl Dataset for Northwind {
    fn newest_order(&self) -> Option<Day> {
        self.orders.iter().map(|row| row.fields.order_date).max()
    }

    fn keys(&self) -> Keys {
        Keys {
            customers: self.customers.iter().map(|row| row.fields.customer_id.clone()).collect(),
            orders: self.orders.iter().map(|row| row.fields.order_id.clone()).collect(),
            products: self.lines.iter().map(|row| row.fields.product_id.clone()).collect(),
            ..Keys::default()
        }
    }

    fn select(&self, draft: &Draft<'_>, rejections: &mut Rejections) -> anyhow::Result<Selection> {
        let mut selection = Selection::default();
        let id: (_, fn(&CustomerRow) -> &str) = ("customer_id", |row| &row.customer_id);
        let known = &draft.known.customers;
        let customers =
            selection.keys(&self.customers, id, known, rejections, |row, rows| customer(draft, row, rows))?;
        let products = self.products(draft, &mut selection)?;
        self.orders(draft, &customers, &products, &mut selection, rejections)?;
        Ok(selection)
    }
}

impl Northwind {
    /// Selects the products, each with the price of its latest line, and gives the keys of all.
    fn products(&self, draft: &Draft<'_>, selection: &mut Selection) -> anyhow::Result<HashMap<&str, Uuid>> {
        let placed: HashMap<&str, Day> =
            self.orders.iter().map(|row| (row.fields.order_id.as_str(), row.fields.order_date)).collect();
        let date = |line: &LineRow| placed.get(line.order_id.as_str()).copied();
        let mut latest: BTreeMap<&str, &LineRow> = BTreeMap::new();
        for row in &self.lines {
            let newest = latest.entry(&row.fields.product_id).or_insert(&row.fields);
            if date(newest) <= date(&row.fields) {
                *newest = &row.fields;
            }
        }
        let mut keys = HashMap::with_capacity(latest.len());
        for (id, line) in latest {
            let key = selection.key(id, &draft.known.products, |rows| {
                let product = product(draft, line);
                let key = product.id;
                rows.products.push(product);
                Ok(key)
            })?;
            keys.insert(id, key);
        }
        Ok(keys)
    }

    fn orders(
        &self,
        draft: &Draft<'_>,
        customers: &HashMap<&str, Uuid>,
        products: &HashMap<&str, Uuid>,
        selection: &mut Selection,
        rejections: &mut Rejections,
    ) -> anyhow::Result<()> {
        let mut priced = Vec::with_capacity(self.lines.len());
        for row in &self.lines {
            priced.extend(rejections.sift(discount(row).map(|discount| (row, discount)))?);
        }
        let mut lines: HashMap<&str, Vec<_>> = HashMap::new();
        for (row, discount) in &priced {
            lines.entry(&row.fields.order_id).or_default().push((&row.fields, *discount));
        }
        let id: (_, fn(&OrderRow) -> &str) = ("order_id", |row| &row.order_id);
        let orders = selection.keys(&self.orders, id, &draft.known.orders, rejections, |row, rows| {
            let buyer = row.fields.customer_id.as_str();
            let customer = customers.get(buyer).copied();
            let customer =
                customer.ok_or_else(|| row.wrong("customer_id", format_args!("there is no customer {buyer:?}")))?;
            let key = draft.clock.key();
            let lines = lines.get(row.fields.order_id.as_str()).into_iter().flatten();
            let items = (1..).zip(lines).map(|(position, line)| item(draft, *line, key, customer, position, products));
            let items = items.collect::<Vec<_>>();
            rows.orders.push(order(draft, row, key, customer, &items)?);
            rows.items.extend(items);
            Ok(key)
        })?;
        for (line, _) in priced {
            let id = line.fields.order_id.as_str();
            if !orders.contains_key(id) {
                let message = format!("there is no order {id:?}, or it is rejected");
                rejections.sift::<()>(Err(line.wrong("order_id", message)))?;
            }
        }
        Ok(())
    }
}

/// Adds a customer with their address and contact, and gives the key.
fn customer(draft: &Draft<'_>, row: &Row<CustomerRow>, rows: &mut Rows) -> anyhow::Result<Uuid> {
    let fields = &row.fields;
    let since = draft.happened(row, "customer_since", fields.customer_since)?;
    let name = fields.company_name.clone();
    let mut customer = draft.customer(CustomerKind::Organization, name, &fields.customer_id, since);
    customer.legal_name = Some(fields.company_name.clone());
    customer.telephone.clone_from(&fields.phone);
    customer.telephone_e164 = country::telephone(fields.phone.as_deref(), fields.country.as_deref());
    let postal = PostalAddress {
        name: None,
        street_address: fields.street_address.clone(),
        address_locality: fields.city.clone(),
        address_region: fields.region.clone(),
        postal_code: fields.postal_code.clone(),
        address_country: fields.country.as_deref().map(country::code),
    };
    rows.addresses.push(draft.address(customer.id, postal));
    rows.contacts.push(contact_point::Model {
        id: draft.clock.key(),
        customer_id: customer.id,
        name: fields.contact_name.clone(),
        contact_type: fields.contact_title.clone(),
        email: None,
        telephone: fields.phone.clone(),
        telephone_e164: customer.telephone_e164.clone(),
        fax_number: fields.fax.clone(),
        version: 1,
        created_at: draft.made(),
        updated_at: draft.made(),
    });
    let key = customer.id;
    rows.customers.push(complete(customer));
    Ok(key)
}

fn product(draft: &Draft<'_>, latest: &LineRow) -> product::Model {
    let name = product_name(&latest.product_id);
    product::Model {
        id: draft.clock.key(),
        name_key: fold::text(&name),
        name,
        description: None,
        sku: None,
        external_id: Some(latest.product_id.clone()),
        unit_price: Some(latest.unit_price.0),
        currency: Some(dollars::CODE.to_owned()),
        version: 1,
        created_at: draft.made(),
        updated_at: draft.made(),
        deleted_at: None,
    }
}

/// The files have no names of products.
fn product_name(id: &str) -> String {
    format!("Product {id}")
}

/// What is taken off a line.
fn discount(row: &Row<LineRow>) -> anyhow::Result<i64> {
    let fields = &row.fields;
    if fields.quantity < 1 {
        return Err(row.wrong("quantity", "is less than 1"));
    }
    let price = fields.unit_price.0.checked_mul(fields.quantity.into());
    let discount = price.and_then(|price| fields.discount.of(price));
    discount.ok_or_else(|| row.wrong("discount", "makes an amount that is too fine or too large"))
}

fn item(
    draft: &Draft<'_>,
    (line, discount): (&LineRow, i64),
    order: Uuid,
    customer: Uuid,
    position: i32,
    products: &HashMap<&str, Uuid>,
) -> order_item::Model {
    order_item::Model {
        id: draft.clock.key(),
        order_id: order,
        customer_id: customer,
        position,
        product_id: products.get(line.product_id.as_str()).copied(),
        name: product_name(&line.product_id),
        quantity: line.quantity,
        currency: dollars::CODE.to_owned(),
        unit_price: line.unit_price.0,
        discount,
    }
}

fn order(
    draft: &Draft<'_>,
    row: &Row<OrderRow>,
    key: Uuid,
    customer: Uuid,
    items: &[order_item::Model],
) -> anyhow::Result<order::Model> {
    let fields = &row.fields;
    let placed = draft.happened(row, "order_date", fields.order_date)?;
    let mut order = draft.order(key, customer, &fields.order_id, placed, shipped(draft, row)?, items)?;
    if order.total != fields.order_total.0 {
        let total = Money { units: order.total, exponent: 2 };
        return Err(row.wrong("order_total", format_args!("the lines add up to {total}")));
    }
    order.required_date = fields.required_date.map(|day| ChronoUnixTimestampMillis(draft.calendar.planned(day)));
    order.freight = fields.freight.map(|freight| freight.0);
    order.shipping_address = Some(PostalAddress {
        name: fields.ship_name.clone(),
        street_address: fields.ship_address.clone(),
        address_locality: fields.ship_city.clone(),
        address_region: fields.ship_region.clone(),
        postal_code: fields.ship_postal_code.clone(),
        address_country: fields.ship_country.as_deref().map(country::code),
    });
    Ok(order)
}

/// When the order left and, by convention, arrived. Nothing when it has not, or when moving the dates has put
/// that into the future.
fn shipped(draft: &Draft<'_>, row: &Row<OrderRow>) -> anyhow::Result<Option<DateTime<Utc>>> {
    let Some(day) = row.fields.shipped_date else {
        return Ok(None);
    };
    if day < row.fields.order_date {
        return Err(row.wrong("shipped_date", "is before the order date"));
    }
    match draft.calendar.past(day) {
        None if draft.calendar.may_be_early() => Ok(None),
        _ => draft.happened(row, "shipped_date", day).map(Some),
    }
}

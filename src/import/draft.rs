//! Rows as they begin, with what every format has in common.

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use entity::{
    ChronoUnixTimestampMillis, address,
    customer::{self, CustomerKind},
    order::{self, PostalAddress},
    order_item,
};
use uuid::Uuid;

use super::{calendar::Calendar, known::Known, source::Row};
use crate::{
    clock::Clock,
    fold,
    instant::Day,
    order::total::{Line, subtotal},
};

/// What rows are made with.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Makes keys.
    pub clock: Clock,
    /// When the rows are made.
    pub now: DateTime<Utc>,
    /// When the events of the files happen.
    pub calendar: Calendar,
    /// What the store has already.
    pub known: &'a Known,
    /// The code of the currency of the files.
    pub currency: &'static str,
}

impl Draft<'_> {
    /// The instant of making.
    pub fn made(&self) -> ChronoUnixTimestampMillis {
        ChronoUnixTimestampMillis(self.now)
    }

    /// The instant of what the row says happened on `day`, by its column `column`.
    pub fn happened<T>(&self, row: &Row<T>, column: &str, day: Day) -> anyhow::Result<DateTime<Utc>> {
        self.calendar.past(day).ok_or_else(|| row.wrong(column, format_args!("{day} is in the future")))
    }

    /// A customer of whom only this is known. Call [`crate::customer::row::complete`] once the rest
    /// is.
    pub fn customer(
        &self,
        kind: CustomerKind,
        name: String,
        external_id: &str,
        since: DateTime<Utc>,
    ) -> customer::Model {
        let since = ChronoUnixTimestampMillis(since);
        let mut customer = customer::Model::new(self.clock.key(), kind, name, since, self.made());
        customer.external_id = Some(external_id.to_owned());
        customer
    }

    /// The one address of a customer, for bills and for goods.
    pub fn address(&self, customer: Uuid, postal: PostalAddress) -> address::Model {
        address::Model {
            id: self.clock.key(),
            customer_id: customer,
            name: postal.name,
            street_address: postal.street_address,
            locality_key: postal.address_locality.as_deref().map(fold::text),
            address_locality: postal.address_locality,
            address_region: postal.address_region,
            postal_code: postal.postal_code,
            address_country: postal.address_country,
            is_default_billing: true,
            is_default_shipping: true,
            version: 1,
            created_at: self.made(),
            updated_at: self.made(),
        }
    }

    /// An order, delivered as soon as it left, that comes to what its items come to.
    pub fn order(
        &self,
        id: Uuid,
        customer: Uuid,
        external_id: &str,
        placed: DateTime<Utc>,
        delivered: Option<DateTime<Utc>>,
        items: &[order_item::Model],
    ) -> anyhow::Result<order::Model> {
        let lines = items.iter().map(|item| Line {
            quantity: item.quantity,
            unit_price: item.unit_price,
            discount: item.discount,
        });
        let subtotal = subtotal(lines).ok_or_else(|| anyhow!("order {external_id} is too large"))?;
        let placed = ChronoUnixTimestampMillis(placed);
        let order = order::Model::new(id, customer, self.currency.to_owned(), subtotal, placed, self.made());
        let order = order::Model { external_id: Some(external_id.to_owned()), ..order };
        Ok(match delivered.map(ChronoUnixTimestampMillis) {
            Some(delivered) => order::Model { shipped_at: Some(delivered), ..order.delivered(delivered) },
            None => order,
        })
    }
}

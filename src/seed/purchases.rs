//! Seeded orders with their lines, and refunds.

use chrono::{DateTime, TimeDelta, Utc};
use entity::{
    ChronoUnixTimestampMillis, address, customer,
    order::{self, OrderStatus, PostalAddress},
    order_item, product, refund,
};
use uuid::Uuid;

use super::chance::Chance;
use crate::{
    customer::metrics::in_store_currency,
    money::Currency,
    order::total::{Line, subtotal},
    store::Rows,
};

/// Why money is given back.
const REASONS: [&str; 4] = ["Damaged on arrival", "Does not fit", "Arrived late", "Goodwill"];

/// What orders are made from: what is sold, in which currency, until when.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'a> {
    /// What is sold.
    pub products: &'a [product::Model],
    /// The store's currency.
    pub currency: Currency,
    /// No event is later.
    pub now: DateTime<Utc>,
}

/// How far an order has come, and when.
struct Course {
    status: OrderStatus,
    shipped: Option<DateTime<Utc>>,
    delivered: Option<DateTime<Utc>>,
    cancelled: Option<DateTime<Utc>>,
}

impl Catalogue<'_> {
    /// Adds an order of the customer, who lives at `address`, to `rows`, and now and then a refund of it.
    pub fn order(
        &self,
        chance: &mut Chance,
        customer: &customer::Model,
        address: Option<&address::Model>,
        rows: &mut Rows,
    ) {
        let placed = chance.instant(customer.customer_since.0, self.now);
        let key = chance.key();
        let mut items: Vec<_> =
            (1..=chance.number(1..=5)).map(|position| self.item(chance, key, customer.id, position)).collect();
        let lines = items.iter().map(|item| Line {
            quantity: item.quantity,
            unit_price: item.unit_price,
            discount: item.discount,
        });
        let subtotal = subtotal(lines).expect("a few lines of small prices are in range");
        let unit = 10_i64.pow(self.currency.exponent());
        let discount = if chance.happens(10) { subtotal * chance.number(1..=10) / 100 } else { 0 };
        let shipping = chance.one(&[0, 495, 495, 1290]) * unit / 100;
        let tax = (subtotal - discount) * chance.one(&[0, 7, 8, 19, 20]) / 100;
        let course = self.course(chance, placed);
        let (currency, exchange_rate) = self.currency(chance);
        for item in &mut items {
            item.currency.clone_from(&currency);
        }
        let instant = |instant: Option<DateTime<Utc>>| instant.map(ChronoUnixTimestampMillis);
        let last = course.cancelled.or(course.delivered).or(course.shipped).unwrap_or(placed);
        let order = order::Model {
            id: key,
            customer_id: customer.id,
            external_id: chance.happens(20).then(|| numbered("order", key)),
            status: course.status,
            order_date: ChronoUnixTimestampMillis(placed),
            required_date: chance
                .happens(30)
                .then(|| ChronoUnixTimestampMillis(placed + TimeDelta::days(chance.number(5..=40)))),
            shipped_at: instant(course.shipped),
            delivered_at: instant(course.delivered),
            cancelled_at: instant(course.cancelled),
            currency,
            exchange_rate,
            subtotal,
            discount,
            shipping,
            tax,
            total: subtotal - discount + shipping + tax,
            freight: chance.happens(30).then(|| chance.number(100..=4_000) * unit / 100),
            shipping_address: address.filter(|_| chance.happens(95)).map(postal),
            version: 1,
            created_at: ChronoUnixTimestampMillis(placed),
            updated_at: ChronoUnixTimestampMillis(last),
        };
        rows.items.extend(items);
        if let Some(delivered) = course.delivered
            && order.total > 0
            && chance.happens(6)
        {
            let amount = if chance.happens(40) { order.total } else { chance.number(1..=order.total) };
            let returned = chance.instant(delivered, self.now);
            let refund = refund(chance, customer.id, Some(&order), amount, &order.currency, returned);
            rows.refunds.push(refund);
        }
        rows.orders.push(order);
    }

    /// Adds a refund of no order to `rows`.
    pub fn goodwill(&self, chance: &mut Chance, customer: &customer::Model, rows: &mut Rows) {
        let returned = chance.instant(customer.customer_since.0, self.now);
        let amount = chance.number(1..=20) * 10_i64.pow(self.currency.exponent());
        let refund = refund(chance, customer.id, None, amount, self.currency.code(), returned);
        rows.refunds.push(refund);
    }

    fn item(&self, chance: &mut Chance, order: Uuid, customer: Uuid, position: i64) -> order_item::Model {
        let product = &self.products[chance.count(0..=self.products.len() - 1)];
        let is_product = chance.happens(96);
        let quantity = chance.one(&[1, 1, 1, 2, 2, 3, 5, 12]);
        let unit_price = product.unit_price.unwrap_or_default();
        let percent = if chance.happens(15) { chance.number(5..=20) } else { 0 };
        order_item::Model {
            id: chance.key(),
            order_id: order,
            customer_id: customer,
            position: i32::try_from(position).expect("an order has a few lines"),
            product_id: is_product.then_some(product.id),
            name: if is_product { product.name.clone() } else { "Gift wrapping".to_owned() },
            quantity,
            currency: self.currency.code().to_owned(),
            unit_price,
            discount: unit_price * i64::from(quantity) * percent / 100,
        }
    }

    /// Most orders have arrived after some days; a few have been called off, or still wait.
    fn course(&self, chance: &mut Chance, placed: DateTime<Utc>) -> Course {
        let mut course = Course { status: OrderStatus::Processing, shipped: None, delivered: None, cancelled: None };
        if chance.happens(6) {
            course.cancelled = chance.hours_after(placed, 1..=72, self.now);
        } else if chance.happens(97) {
            course.shipped = chance.hours_after(placed, 6..=120, self.now);
        }
        if let Some(shipped) = course.shipped
            && chance.happens(97)
        {
            course.delivered = chance.hours_after(shipped, 12..=240, self.now);
        }
        course.status = match (&course.cancelled, &course.delivered, &course.shipped) {
            (Some(_), ..) => OrderStatus::Cancelled,
            (_, Some(_), _) => OrderStatus::Delivered,
            (_, _, Some(_)) => OrderStatus::InTransit,
            _ => OrderStatus::Processing,
        };
        course
    }

    /// The currency of an order, and its rate where it is not the store's.
    fn currency(&self, chance: &mut Chance) -> (String, Option<i64>) {
        if chance.happens(98) {
            return (self.currency.code().to_owned(), None);
        }
        let foreign = if self.currency.code() == "EUR" { "USD" } else { "EUR" };
        let rate = chance.number(900_000..=1_200_000) * 10_i64.pow(self.currency.exponent()) / 100;
        (foreign.to_owned(), Some(rate))
    }
}

fn refund(
    chance: &mut Chance,
    customer: Uuid,
    order: Option<&order::Model>,
    amount: i64,
    currency: &str,
    returned: DateTime<Utc>,
) -> refund::Model {
    let id = chance.key();
    refund::Model {
        id,
        customer_id: customer,
        order_id: order.map(|order| order.id),
        external_id: chance.happens(20).then(|| numbered("refund", id)),
        amount,
        currency: currency.to_owned(),
        store_amount: in_store_currency(amount, order.and_then(|order| order.exchange_rate)),
        reason: chance.happens(80).then(|| chance.one(&REASONS).to_owned()),
        refunded_at: ChronoUnixTimestampMillis(returned),
        created_at: ChronoUnixTimestampMillis(returned),
    }
}

fn postal(address: &address::Model) -> PostalAddress {
    PostalAddress {
        name: address.name.clone(),
        street_address: address.street_address.clone(),
        address_locality: address.address_locality.clone(),
        address_region: address.address_region.clone(),
        postal_code: address.postal_code.clone(),
        address_country: address.address_country.clone(),
    }
}

/// An external id by the part of a key that is chance: the rest is time.
fn numbered(thing: &str, key: Uuid) -> String {
    format!("seed-{thing}-{:x}", key.as_u128() & (u128::MAX >> 66))
}

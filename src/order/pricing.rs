//! What an order costs, by what the client says and what products cost.

use std::collections::HashMap;

use entity::product;
use uuid::Uuid;

use super::{
    input::{OrderCreateInput, OrderItemInput},
    total::{self, Line},
};
use crate::{
    check::{Check, LARGEST_AMOUNT},
    customer::metrics,
    graphql::Decimal,
    money::{Currency, Money},
    rejection::{Rejection, RejectionCode},
};

/// The most items of an order.
pub const MOST_ITEMS: usize = 250;

/// What an order costs, in minor units of its currency.
pub struct Priced {
    pub currency: Currency,
    pub exchange_rate: Option<i64>,
    pub items: Vec<Item>,
    pub subtotal: i64,
    pub discount: i64,
    pub shipping: i64,
    pub tax: i64,
    pub total: i64,
    pub freight: Option<i64>,
}

/// One line of it.
pub struct Item {
    pub product: Option<Uuid>,
    pub name: String,
    pub line: Line,
}

/// What the order costs. Nothing when something of it is wrong.
pub fn priced(
    check: &mut Check,
    store: Currency,
    products: &[Option<Uuid>],
    known: &HashMap<Uuid, product::Model>,
    input: &OrderCreateInput,
) -> Option<Priced> {
    let currency = match &input.currency {
        Some(code) => check.currency("input.currency", code)?,
        None => store,
    };
    let exchange_rate = exchange_rate(check, currency, store, input.exchange_rate.as_ref());
    let mut amount = |path, given: &Option<Decimal>| match given {
        Some(given) => check.amount(path, &given.0, currency).map(|money| money.units),
        None => Some(0),
    };
    let discount = amount("input.discount", &input.discount);
    let shipping = amount("input.shipping", &input.shipping);
    let tax = amount("input.tax", &input.tax);
    let freight = input.freight.as_ref().and_then(|_| amount("input.freight", &input.freight));
    let (count, most) = (input.items.len(), MOST_ITEMS);
    if count == 0 {
        check.reject(RejectionCode::Required, "input.items", "items: expected at least one");
        return None;
    }
    if count > most {
        check.reject(RejectionCode::Invalid, "input.items", format!("items: expected at most {most}, not {count}"));
        return None;
    }
    let items = input.items.iter().zip(products).enumerate();
    let items: Vec<_> = items
        .map(|(index, (item, product))| {
            let path = format!("input.items.{index}");
            priced_item(check, &path, item, product.map(|key| (key, known.get(&key))), currency)
        })
        .collect();
    // Sums are told of only where all that is added is right.
    let items = items.into_iter().collect::<Option<Vec<_>>>()?;
    let (discount, shipping, tax) = (discount?, shipping?, tax?);
    if currency != store && exchange_rate.is_none() {
        return None;
    }
    let subtotal = total::subtotal(items.iter().map(|item| item.line)).filter(|sum| *sum <= LARGEST_AMOUNT);
    let Some(subtotal) = subtotal else {
        let most = Money::new(LARGEST_AMOUNT, currency);
        check.reject(RejectionCode::Invalid, "input.items", format!("items: expected at most {most} in all"));
        return None;
    };
    let Some(total) = total::total(subtotal, discount, shipping, tax) else {
        let message = format!("discount: expected at most the items' {}", Money::new(subtotal, currency));
        check.reject(RejectionCode::Invalid, "input.discount", message);
        return None;
    };
    if !counts(total, exchange_rate) {
        let message = "items: expected an order that comes to less, also in the store's currency";
        check.reject(RejectionCode::Invalid, "input.items", message);
    }
    Some(Priced { currency, exchange_rate, items, subtotal, discount, shipping, tax, total, freight })
}

/// Whether figures can take up a total: what statements multiply and add stays in range.
fn counts(total: i64, exchange_rate: Option<i64>) -> bool {
    let product = exchange_rate.map_or(Some(0), |rate| total.checked_mul(rate)?.checked_add(500_000));
    product.is_some() && total <= LARGEST_AMOUNT && metrics::in_store_currency(total, exchange_rate) <= LARGEST_AMOUNT
}

/// The rate as it is stored; none for an order in the store's currency, or where it is wrong.
fn exchange_rate(check: &mut Check, currency: Currency, store: Currency, given: Option<&Decimal>) -> Option<i64> {
    let (path, one, other) = ("input.exchangeRate", currency.code(), store.code());
    match given {
        None if currency == store => {}
        Some(_) if currency == store => {
            let message = format!("exchangeRate: expected none, since the order is in the store's {other}");
            check.reject(RejectionCode::Invalid, path, message);
        }
        Some(given) => return check.exchange_rate(path, &given.0, currency, store),
        None => {
            let message = format!("exchangeRate: expected what one {one} is worth in {other}, the store's currency");
            check.reject(RejectionCode::Required, path, message);
        }
    }
    None
}

/// `product`: the key of the product that the item names, and the product, if it is sold.
fn priced_item(
    check: &mut Check,
    path: &str,
    item: &OrderItemInput,
    product: Option<(Uuid, Option<&product::Model>)>,
    currency: Currency,
) -> Option<Item> {
    let at = |field: &str| format!("{path}.{field}");
    let sold = product.and_then(|(_, sold)| sold);
    let is_unknown = product.is_some() && sold.is_none();
    if is_unknown {
        check.add(Rejection::not_found(&at("product"), "product"));
    }
    let name = match (&item.name, sold) {
        (Some(name), _) => Some(check.text(&at("name"), name)),
        (None, Some(sold)) => Some(sold.name.clone()),
        (None, None) => None,
    };
    if name.is_none() && !is_unknown {
        check.reject(RejectionCode::Required, &at("name"), "name: expected a name, or a product");
    }
    if item.quantity < 1 {
        let message = format!("quantity: expected 1 or more, not {}", item.quantity);
        check.reject(RejectionCode::Invalid, &at("quantity"), message);
    }
    let list_price =
        sold.filter(|sold| sold.currency.as_deref() == Some(currency.code())).and_then(|sold| sold.unit_price);
    let unit_price = match &item.unit_price {
        Some(price) => check.unit_price(&at("unitPrice"), &price.0, currency).map(|price| price.units),
        None => list_price,
    };
    if item.unit_price.is_none() && list_price.is_none() && !is_unknown {
        let message = format!("unitPrice: expected a price, since no product has one in {}", currency.code());
        check.reject(RejectionCode::Required, &at("unitPrice"), message);
    }
    let discount = match &item.discount {
        Some(discount) => check.unit_price(&at("discount"), &discount.0, currency).map(|discount| discount.units),
        None => Some(0),
    };
    let line = Line { quantity: item.quantity.max(1), unit_price: unit_price?, discount: discount? };
    if !line.bears_its_discount() {
        let message = "discount: expected at most what the line comes to, quantity times unitPrice";
        check.reject(RejectionCode::Invalid, &at("discount"), message);
        return None;
    }
    (item.quantity >= 1).then_some(Item { product: product.map(|(key, _)| key), name: name?, line })
}

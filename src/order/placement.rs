//! Placing orders.

use std::collections::HashMap;

use anyhow::Context;
use async_graphql::MaybeUndefined;
use entity::{
    ChronoUnixTimestampMillis, address,
    order::{self, OrderStatus, PostalAddress},
    order_item, product,
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    input::{OrderCreateInput, OrderItemInput, ShippingAddressInput},
    total::{self, Line},
};
use crate::{
    check::{Check, LARGEST_AMOUNT},
    customer::{lock_live, metrics},
    event::Event,
    graphql::Decimal,
    money::{Currency, Money},
    rejection::{Attempt, Refusal, Rejection, RejectionCode},
    store::{Values, insert_all},
    transaction::Transaction,
};

/// The most items of an order.
const MOST_ITEMS: usize = 250;

/// Places an order of `customer` as `input` says, whose items name `products`, one for each or none.
///
/// # Errors
/// When there is no such customer or product, or a value is not what it must be.
pub async fn create(
    tx: &Transaction,
    customer: Uuid,
    products: &[Option<Uuid>],
    input: &OrderCreateInput,
) -> Attempt<Uuid> {
    let mut check = Check::default();
    if lock_live(tx, customer).await?.is_none() {
        check.add(Rejection::not_found("input.customer", "customer"));
    }
    let external_id = check.optional_text("input.externalId", input.external_id.as_deref());
    if let Some(external_id) = &external_id {
        let column = order::Column::ExternalId;
        check.unique::<order::Entity>(tx, "input.externalId", column, external_id, None).await?;
    }
    let order_date = check.past("input.orderDate", input.order_date, None, tx.now);
    let required_date = input.required_date.map(|date| date.0);
    if required_date.is_some_and(|date| date.date_naive() < order_date.date_naive()) {
        let message = "requiredDate: expected the day of the order or a later one";
        check.reject(RejectionCode::Invalid, "input.requiredDate", message);
    }
    let address = shipping_address(tx, &mut check, customer, &input.shipping_address).await?;
    let known = sold(tx, products).await?;
    let priced = priced(&mut check, tx.currency, products, &known, input);
    check.done()?;
    let priced = priced.context("an order without a fault has its prices")?;

    let now = ChronoUnixTimestampMillis(tx.now);
    let order = order::Model {
        id: tx.key(),
        customer_id: customer,
        external_id,
        status: OrderStatus::Processing,
        order_date: ChronoUnixTimestampMillis(order_date),
        required_date: required_date.map(ChronoUnixTimestampMillis),
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
        currency: priced.currency.code().to_owned(),
        exchange_rate: priced.exchange_rate,
        subtotal: priced.subtotal,
        discount: priced.discount,
        shipping: priced.shipping,
        tax: priced.tax,
        total: priced.total,
        freight: priced.freight,
        shipping_address: address,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    let items = (1..).zip(priced.items).map(|(position, item)| order_item::Model {
        id: tx.key(),
        order_id: order.id,
        customer_id: customer,
        position,
        product_id: item.product,
        name: item.name,
        quantity: item.line.quantity,
        currency: order.currency.clone(),
        unit_price: item.line.unit_price,
        discount: item.line.discount,
    });
    let items = items.collect();
    insert_all(&*tx.db, vec![order.clone()])
        .await
        .map_err(|error| Refusal::of_duplicate(error, &[("external_id", "input.externalId")]))?;
    insert_all(&*tx.db, items).await.context("could not write the items of an order")?;
    let id = order.id;
    tx.emit(Event::OrderCreated { order: Box::new(order) });
    Ok(id)
}

/// What an order costs, in minor units of its currency.
struct Priced {
    currency: Currency,
    exchange_rate: Option<i64>,
    items: Vec<Item>,
    subtotal: i64,
    discount: i64,
    shipping: i64,
    tax: i64,
    total: i64,
    freight: Option<i64>,
}

struct Item {
    product: Option<Uuid>,
    name: String,
    line: Line,
}

/// The products among `products` that are still sold.
async fn sold(tx: &Transaction, products: &[Option<Uuid>]) -> anyhow::Result<HashMap<Uuid, product::Model>> {
    let keys: Vec<_> = products.iter().take(MOST_ITEMS).flatten().copied().collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = product::Entity::find()
        .filter(tx.dialect().among(product::Column::Id.into_expr(), &Values::Keys(keys)))
        .filter(product::Column::DeletedAt.is_null())
        .all(&*tx.db)
        .await
        .context("could not read products")?;
    Ok(rows.into_iter().map(|product| (product.id, product)).collect())
}

/// What the order costs. Nothing when something of it is wrong.
fn priced(
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
    let freight = input.freight.as_ref().map(|_| amount("input.freight", &input.freight));
    let (count, most) = (input.items.len(), MOST_ITEMS);
    if count == 0 {
        check.reject(RejectionCode::Required, "input.items", "items: expected at least one");
    } else if count > most {
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
    let (discount, shipping, tax, freight) =
        (discount?, shipping?, tax?, freight.map_or(Some(None), |it| it.map(Some))?);
    let exchange_rate = exchange_rate?;
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

/// The rate as it is stored, none for an order in the store's currency. Nothing when it is wrong.
fn exchange_rate(
    check: &mut Check,
    currency: Currency,
    store: Currency,
    given: Option<&Decimal>,
) -> Option<Option<i64>> {
    let path = "input.exchangeRate";
    match given {
        None if currency == store => Some(None),
        Some(_) if currency == store => {
            let message = format!("exchangeRate: expected none, since the order is in the store's {}", store.code());
            check.reject(RejectionCode::Invalid, path, message);
            None
        }
        Some(given) => check.exchange_rate(path, &given.0, currency, store).map(Some),
        None => {
            let (one, other) = (currency.code(), store.code());
            let message = format!("exchangeRate: expected what one {one} is worth in {other}, the store's currency");
            check.reject(RejectionCode::Required, path, message);
            None
        }
    }
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

/// Where the order goes: as given, else to the customer's default shipping address.
async fn shipping_address(
    tx: &Transaction,
    check: &mut Check,
    customer: Uuid,
    given: &MaybeUndefined<ShippingAddressInput>,
) -> anyhow::Result<Option<PostalAddress>> {
    match given {
        MaybeUndefined::Null => Ok(None),
        MaybeUndefined::Value(given) => Ok(Some(written_address(check, given))),
        MaybeUndefined::Undefined => {
            let address = address::Entity::find()
                .filter(address::Column::CustomerId.eq(customer))
                .filter(address::Column::IsDefaultShipping.eq(true))
                .one(&*tx.db)
                .await
                .context("could not read the address of a customer")?;
            Ok(address.map(|address| PostalAddress {
                name: address.name,
                street_address: address.street_address,
                address_locality: address.address_locality,
                address_region: address.address_region,
                postal_code: address.postal_code,
                address_country: address.address_country,
            }))
        }
    }
}

fn written_address(check: &mut Check, given: &ShippingAddressInput) -> PostalAddress {
    let path = "input.shippingAddress";
    let mut part = |field, text: &Option<String>| check.optional_text(&format!("{path}.{field}"), text.as_deref());
    let address = PostalAddress {
        name: part("name", &given.name),
        street_address: part("streetAddress", &given.street_address),
        address_locality: part("addressLocality", &given.address_locality),
        address_region: part("addressRegion", &given.address_region),
        postal_code: part("postalCode", &given.postal_code),
        address_country: part("addressCountry", &given.address_country).map(|code| code.to_uppercase()),
    };
    if address == PostalAddress::default() {
        check.reject(RejectionCode::Required, path, "shippingAddress: expected at least one part of an address");
    }
    if let Some(code) = &address.address_country
        && rust_iso3166::from_alpha2(code).is_none()
    {
        let message = "addressCountry: expected a code of ISO 3166-1 of two letters, such as DE";
        check.reject(RejectionCode::Invalid, &format!("{path}.addressCountry"), message);
    }
    address
}

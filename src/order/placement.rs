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
    input::{OrderCreateInput, ShippingAddressInput},
    pricing::{MOST_ITEMS, priced},
};
use crate::{
    check::Check,
    customer::row,
    event::Event,
    rejection::{Attempt, Refusal, Rejection, RejectionCode},
    store::{Values, insert_all},
    transaction::Transaction,
};

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
    if !row::lock_live(tx, customer).await? {
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
        address_country: None,
    };
    let country = given.address_country.as_deref();
    let address_country = country.and_then(|country| check.country(&format!("{path}.addressCountry"), country));
    let address = PostalAddress { address_country, ..address };
    if address == PostalAddress::default() && country.is_none() {
        check.reject(RejectionCode::Required, path, "shippingAddress: expected at least one part of an address");
    }
    address
}

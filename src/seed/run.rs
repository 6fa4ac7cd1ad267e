//! A seeding from the first product to the last segment.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use entity::customer;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{
    chance::Chance, communications, memberships::Memberships, people, products::products, purchases::Catalogue,
};
use crate::{
    app::App,
    config::SeedOptions,
    customer::metrics,
    instant::Day,
    loyalty::standing,
    progress::Progress,
    segment::computation,
    store::{Rows, insert_all},
};

/// How many customers are written at a time. They, their orders and all else that hangs on them are what is kept
/// in memory. Tests seed few customers, and several batches nonetheless.
const BATCH: u64 = if cfg!(test) { 250 } else { 2_000 };

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is named after its table")]
pub struct Report {
    pub customers: u64,
    pub orders: u64,
    pub order_items: u64,
    pub refunds: u64,
    pub products: u64,
    pub communications: u64,
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { customers, orders, order_items, refunds, products, communications } = self;
        write!(
            formatter,
            "{customers} customers, {orders} orders with {order_items} lines, {refunds} refunds, \
             {products} products and {communications} communications seeded"
        )
    }
}

/// Seeds the store. Customers are written in batches, each with its figures and tiers in one transaction;
/// segments follow at the end.
///
/// # Errors
/// When the store was seeded with this number before, or the database fails. Batches written by then stay.
pub async fn run(app: &App, options: &SeedOptions, progress: &Progress) -> anyhow::Result<Report> {
    // The same all day: everything is dated from midnight back.
    let now = Day(app.clock.now().date_naive()).start();
    let mut chance = Chance::new(options.random_seed, now);
    let mut report = Report::default();
    progress.begin("customers", options.customers);

    app.database.expect_many_rows().await?;
    let tx = app.database.begin().await?;
    refuse_second(&tx, options.random_seed).await?;
    let products = products(&mut chance, options.random_seed, app.currency, now);
    insert_all(&tx, products.clone()).await.context("could not write products")?;
    let memberships = Memberships::find(&tx, &mut chance, now).await?;
    tx.commit().await.context("could not write products")?;
    report.products = products.len() as u64;

    let catalogue = Catalogue { products: &products, currency: app.currency, now };
    let mut number = 0;
    while number < options.customers {
        let mut rows = Rows::default();
        let end = options.customers.min(number + BATCH);
        while number < end {
            number += 1;
            customer(&mut chance, options, number, &catalogue, &memberships, &mut rows);
        }
        report.customers += rows.customers.len() as u64;
        report.orders += rows.orders.len() as u64;
        report.order_items += rows.items.len() as u64;
        report.refunds += rows.refunds.len() as u64;
        report.communications += rows.communications.len() as u64;
        let written = rows.customers.len() as u64;
        write(app, rows, now).await?;
        progress.advance(written);
    }

    let tx = app.database.begin().await?;
    computation::compute_for_all(&tx, &app.reading()).await?;
    tx.commit().await.context("could not compute the segments")?;
    app.database.take_stock().await?;
    progress.finish();
    Ok(report)
}

/// Two seedings with the same number would make the same keys.
async fn refuse_second(tx: &impl ConnectionTrait, random_seed: u64) -> anyhow::Result<()> {
    let first = people::external_id(random_seed, 1);
    let first = customer::Entity::find().filter(customer::Column::ExternalId.eq(first)).one(tx).await;
    if first.context("could not look for seeded customers")?.is_some() {
        bail!("this store was seeded with the number {random_seed} before; choose another one");
    }
    Ok(())
}

/// Draws customer `number` with all that hangs on them.
fn customer(
    chance: &mut Chance,
    options: &SeedOptions,
    number: u64,
    catalogue: &Catalogue<'_>,
    memberships: &Memberships,
    rows: &mut Rows,
) {
    let addresses = rows.addresses.len();
    let customer = people::customer(chance, options.random_seed, number, catalogue.now, rows);
    let address = rows.addresses.get(addresses).cloned();
    for _ in 0..chance.number(0..=2 * i64::from(options.orders_per_customer)) {
        catalogue.order(chance, &customer, address.as_ref(), rows);
    }
    if chance.happens(2) {
        catalogue.goodwill(chance, &customer, rows);
    }
    communications::write_to(chance, &customer, catalogue.now, rows);
    memberships.join(chance, &customer, catalogue.now, rows);
}

/// Writes a batch with the figures and tiers that follow from it.
async fn write(app: &App, rows: Rows, now: DateTime<Utc>) -> anyhow::Result<()> {
    let touched = rows.touched();
    let tx = app.database.begin().await?;
    rows.insert(&tx, |_| {}).await?;
    metrics::rebuild(&tx, now, Some(&touched)).await?;
    standing::settle_tiers(&tx, now, Some(&touched)).await?;
    tx.commit().await.context("could not write a batch of customers")
}

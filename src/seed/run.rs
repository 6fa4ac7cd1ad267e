//! A seeding from the first product to the last segment.

use std::{
    collections::HashMap,
    fmt::{self, Display, Formatter},
    ops::RangeInclusive,
};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use entity::customer;
use sea_orm::{
    EntityTrait, QueryFilter, QuerySelect,
    sea_query::{Expr, IntoIden},
};
use uuid::Uuid;

use super::{
    chance::{self, Chance},
    communications,
    memberships::Memberships,
    people,
    products::products,
    purchases::Catalogue,
};
use crate::{
    app::App,
    config::SeedOptions,
    customer::metrics,
    instant::Day,
    loyalty::standing,
    progress::Progress,
    segment::computation,
    store::{Database, Dialect, Reading, Rows, Values},
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
    /// Customers who were there already, by a seeding that was interrupted, or was about fewer.
    pub recognized: u64,
}

impl Report {
    fn add(&mut self, rows: &Rows) {
        self.customers += rows.customers.len() as u64;
        self.orders += rows.orders.len() as u64;
        self.order_items += rows.items.len() as u64;
        self.refunds += rows.refunds.len() as u64;
        self.products += rows.products.len() as u64;
        self.communications += rows.communications.len() as u64;
    }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Self { customers, orders, order_items, refunds, products, communications, recognized } = self;
        if *customers == 0 {
            return write!(formatter, "nothing new: all {recognized} customers were there already");
        }
        write!(
            formatter,
            "{customers} customers, {orders} orders with {order_items} lines, {refunds} refunds, \
             {products} products and {communications} communications seeded"
        )?;
        if *recognized > 0 {
            write!(formatter, "; {recognized} customers were there already")?;
        }
        Ok(())
    }
}

/// Seeds the store. Customers are written in batches, each in one transaction with its figures, tiers and segments;
/// those who are there already are drawn again and left alone, so that running an interrupted seeding again completes
/// it, as of the day on which it began.
///
/// # Errors
/// When the store was seeded with this number by other options, or the database fails. Batches written by then stay.
pub async fn run(app: &App, options: &SeedOptions, progress: &Progress) -> anyhow::Result<Report> {
    let SeedOptions { customers, random_seed, .. } = *options;
    let begun = known(&app.database, random_seed, 1..=1).await?.into_values().next().and_then(chance::day);
    // The same all day: everything is dated from midnight back.
    let now = begun.unwrap_or_else(|| Day(app.clock.now().date_naive())).start();
    let mut chance = Chance::new(random_seed, now);
    let mut report = Report::default();
    progress.begin("customers", customers);

    app.database.expect_many_rows().await?;
    let products = products(&mut chance, random_seed, app.currency, now);
    let tx = app.database.begin().await?;
    let memberships = Memberships::find(&tx, &mut chance, now).await?;
    tx.commit().await.context("could not write a segment")?;

    let (catalogue, reading) = (Catalogue { products: &products, currency: app.currency, now }, app.reading());
    let mut first = 1;
    while first <= customers {
        let last = customers.min(first + BATCH - 1);
        let known = known(&app.database, random_seed, first..=last).await?;
        let (mut rows, mut others) = (Rows::default(), Rows::default());
        for number in first..=last {
            let known = known.get(&people::external_id(random_seed, number));
            let rows = if known.is_some() { &mut others } else { &mut rows };
            let drawn = customer(&mut chance, options, number, &catalogue, &memberships, rows);
            if known.is_some_and(|known| *known != drawn) {
                bail!(
                    "this store was seeded with the number {random_seed} by other options, or another release of this \
                     program: repeat those to complete it, or choose another --random-seed"
                );
            }
        }
        if first == 1 && known.is_empty() {
            rows.products.clone_from(&products);
        }
        report.add(&rows);
        report.recognized += known.len() as u64;
        if !rows.is_empty() {
            write(app, &reading, rows, now).await?;
        }
        progress.advance(last + 1 - first);
        // PostgreSQL would read all orders for those of a batch, had it counted the tables when they were small.
        if app.database.dialect() == Dialect::Postgres && (last / BATCH).is_power_of_two() {
            app.database.take_stock().await?;
        }
        first = last + 1;
    }

    app.database.take_stock().await?;
    progress.finish();
    Ok(report)
}

/// The keys of the customers with these numbers who are there, by their external ids.
async fn known(
    database: &Database,
    random_seed: u64,
    numbers: RangeInclusive<u64>,
) -> anyhow::Result<HashMap<String, Uuid>> {
    let ids = numbers.map(|number| people::external_id(random_seed, number)).collect();
    let id = Expr::col(customer::Column::ExternalId.into_iden());
    let known = customer::Entity::find()
        .select_only()
        .columns([customer::Column::ExternalId, customer::Column::Id])
        .filter(database.dialect().among(id, &Values::Texts(ids)))
        .into_tuple()
        .all(database.reader())
        .await;
    Ok(known.context("could not look for seeded customers")?.into_iter().collect())
}

/// Draws customer `number` with all that hangs on them. Gives the key.
fn customer(
    chance: &mut Chance,
    options: &SeedOptions,
    number: u64,
    catalogue: &Catalogue<'_>,
    memberships: &Memberships,
    rows: &mut Rows,
) -> Uuid {
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
    customer.id
}

/// Writes a batch with the figures, tiers and segments that follow from it.
async fn write(app: &App, reading: &Reading, rows: Rows, now: DateTime<Utc>) -> anyhow::Result<()> {
    let touched = rows.touched();
    let tx = app.database.begin().await?;
    rows.insert(&tx, |_| {}).await?;
    metrics::rebuild(&tx, now, Some(&touched)).await?;
    standing::settle_tiers(&tx, now, Some(&touched)).await?;
    computation::compute(&tx, reading, &touched).await?;
    tx.commit().await.context("could not write a batch of customers")
}

//! Long files, batch by batch: what a [`Ledger`] makes of its rows is written some hundred orders at a time.
//!
//! Each batch is one transaction, with the figures that follow from it. Everything has a key of its own in the file, so
//! that a second import, also of a file whose import was interrupted, writes what is missing and nothing twice. Tiers
//! and segments are settled at the end, for everyone in the file: who spent little at first and much later rises once,
//! to the tier that the rule gives.

use std::collections::HashMap;

use anyhow::bail;
use chrono::{DateTime, Utc};
use entity::{ChronoUnixTimestampMillis, customer::CustomerKind, order::PostalAddress, order_item, product, refund};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{
    Report,
    bill::{Article, Bill, Book, Content, Ledger, Profile},
    calendar::{Calendar, Dates},
    consequences, country,
    draft::Draft,
    known::{Keys, Known},
    rejections::{Refused, Rejections},
    report::Tally,
    run::{Manner, Work, currency, failed},
    source::{Row, Source},
};
use crate::{config::OnError, customer::row, fold, instant::Day, reactions::transact_as, store::Rows};

/// How many orders and refunds are written at a time.
const BATCH: usize = 200;

/// How many products, or customers whose tiers and segments are settled, are written at a time.
const MANY: usize = 1_000;

/// How many rows are checked between two looks at the progress.
const STEP: u64 = 10_000;

/// What has come of a file so far.
struct Course<'a> {
    work: &'a Work<'a>,
    calendar: Calendar,
    book: Book,
    customers: HashMap<String, Uuid>,
    products: HashMap<String, Uuid>,
    report: Report,
}

/// What is written in one transaction.
#[derive(Clone, Copy)]
enum Part<'a> {
    Products(&'a [(String, Article)]),
    Bills(&'a [Bill]),
}

/// What a part comes to.
#[derive(Default)]
struct Batch {
    /// What is new in it.
    rows: Rows,
    /// The keys of its customers and products, old and new, by their ids in the file.
    customers: HashMap<String, Uuid>,
    products: HashMap<String, Uuid>,
    /// How much of it the store has already.
    recognized: u64,
}

/// Imports the one of `sources` that has rows of the ledger.
pub async fn import<L: Ledger>(work: &Work<'_>, sources: &[Source], what: &str) -> anyhow::Result<Report> {
    let source = Source::among::<L::Row>(sources, what)?;
    let Work { app, manner, progress, .. } = work;
    let now = app.clock.now();
    let mut ledger = L::default();
    let (surveyed, newest) = survey(&mut ledger, source, work, now)?;
    let (book, wrong) = ledger.conclude();
    if let Some(first) = wrong.first().filter(|_| manner.on_error == OnError::Stop) {
        bail!("{first}");
    }
    let mut rejections = Rejections::new(manner.on_error, manner.rejected.clone());
    if !surveyed.is_empty() || !wrong.is_empty() {
        rejections.prove_place()?;
    }
    let calendar = Calendar::new(manner.dates, newest.map(|newest| Day(newest.date_naive())), now);
    let (customers, products) = (HashMap::new(), HashMap::new());
    let mut course =
        Course { work, calendar, book, customers, products, report: Report::new(work.format, manner, calendar) };
    let articles: Vec<_> = std::mem::take(&mut course.book.products).into_iter().collect();
    for articles in articles.chunks(MANY) {
        course.write(Part::Products(articles)).await?;
    }

    progress.begin("rows", surveyed.rows);
    let (mut bills, mut passed) = (Vec::with_capacity(BATCH), 0);
    for row in source.lines::<L::Row>()? {
        rejections.rows += 1;
        passed += 1;
        let bill = match row.and_then(|row| check::<L>(row, manner, now)) {
            Ok(row) => ledger.take(row),
            Err(error) => {
                spoil(&mut ledger, &error);
                Err(error)
            }
        };
        bills.extend(rejections.sift(bill)?.flatten());
        if bills.len() == BATCH {
            course.write(Part::Bills(&bills)).await?;
            bills.clear();
            progress.advance(std::mem::take(&mut passed));
        }
    }
    course.write(Part::Bills(&bills)).await?;
    progress.advance(passed);
    course.settle().await?;
    course.report.reject(&mut rejections)?;
    progress.finish();
    Ok(course.report)
}

/// The first reading. Gives the rows that are rejected, and when the newest of the others happened.
fn survey<L: Ledger>(
    ledger: &mut L,
    source: &Source,
    work: &Work<'_>,
    now: DateTime<Utc>,
) -> anyhow::Result<(Rejections, Option<DateTime<Utc>>)> {
    let Work { manner, progress, .. } = work;
    // The file of rejected rows is written at the second reading.
    let mut rejections = Rejections::new(manner.on_error, None);
    let mut lines = source.lines::<L::Row>()?;
    let (mut newest, mut bytes) = (None, 0);
    progress.begin("bytes checked", source.size());
    while let Some(row) = lines.next() {
        rejections.rows += 1;
        if rejections.rows.is_multiple_of(STEP) {
            progress.advance(lines.bytes_read() - bytes);
            bytes = lines.bytes_read();
        }
        let surveyed = row.and_then(|row| check::<L>(row, manner, now)).and_then(|row| {
            ledger.survey(&row)?;
            Ok(L::instant(&row.fields))
        });
        if let Err(error) = &surveyed {
            spoil(ledger, error);
        }
        newest = newest.max(rejections.sift(surveyed)?);
    }
    Ok((rejections, newest))
}

/// The row, unless it says that it happens in the future.
fn check<L: Ledger>(row: Row<L::Row>, manner: &Manner, now: DateTime<Utc>) -> anyhow::Result<Row<L::Row>> {
    let instant = L::instant(&row.fields);
    if manner.dates == Dates::AsWritten && instant > now {
        return Err(row.wrong(L::INSTANT, format_args!("{instant} is in the future")));
    }
    Ok(row)
}

/// Tells the ledger of a row that is wrong, if that is what the error says.
fn spoil(ledger: &mut impl Ledger, error: &anyhow::Error) {
    if let Some(refused) = error.downcast_ref::<Refused>().filter(|refused| refused.is_wrong()) {
        ledger.spoil(&refused.place);
    }
}

impl Course<'_> {
    /// Writes a part, or finds out what there would be to write.
    async fn write(&mut self, part: Part<'_>) -> anyhow::Result<()> {
        let Work { app, manner, origin, .. } = self.work;
        let this = &*self;
        let (tally, customers, products) = if manner.is_rehearsal {
            let Batch { rows, customers, products, recognized } =
                this.plan(app.database.reader(), app.clock.now(), part).await?;
            (Tally::of(&rows, recognized), customers, products)
        } else {
            let written = transact_as(app, origin, |tx| async move {
                let Batch { rows, customers, products, recognized } = this.plan(&*tx.db, tx.now, part).await?;
                let tally = Tally::of(&rows, recognized);
                consequences::write(&tx, rows, |_| {}).await?;
                Ok((tally, customers, products))
            });
            let written = written.await.map_err(failed)?;
            app.bell.ring();
            written
        };
        self.report.add(tally);
        self.customers.extend(customers);
        self.products.extend(products);
        Ok(())
    }

    /// Brings everyone in the file to their tiers and segments.
    async fn settle(&self) -> anyhow::Result<()> {
        let Work { app, manner, origin, progress, .. } = self.work;
        if manner.is_rehearsal {
            return Ok(());
        }
        let mut customers: Vec<Uuid> = self.customers.values().copied().collect();
        customers.sort_unstable();
        progress.begin("customers settled", customers.len() as u64);
        for customers in customers.chunks(MANY) {
            let settled = transact_as(app, origin, |tx| async move { Ok(consequences::settle(&tx, customers).await?) });
            if settled.await.map_err(failed)? > 0 {
                app.bell.ring();
            }
            progress.advance(customers.len() as u64);
        }
        Ok(())
    }

    async fn plan(&self, db: &impl ConnectionTrait, now: DateTime<Utc>, part: Part<'_>) -> anyhow::Result<Batch> {
        let work = self.work;
        let known = Known::find(db, self.keys(part)).await?;
        let currency = currency(work.format);
        let draft = Draft { clock: work.app.clock, now, calendar: self.calendar, known: &known, currency };
        match part {
            Part::Products(articles) => Ok(products(&draft, articles)),
            Part::Bills(bills) => self.bills(&draft, bills),
        }
    }

    /// By what the store may know a part.
    fn keys(&self, part: Part<'_>) -> Keys {
        let mut keys = Keys::default();
        match part {
            Part::Products(articles) => keys.products = articles.iter().map(|(id, _)| id.clone()).collect(),
            Part::Bills(bills) => {
                for bill in bills {
                    let ids =
                        if matches!(bill.content, Content::Refund(_)) { &mut keys.refunds } else { &mut keys.orders };
                    ids.push(bill.id.clone());
                    if !self.customers.contains_key(&bill.customer) {
                        keys.customers.push(bill.customer.clone());
                    }
                }
            }
        }
        keys
    }

    fn bills(&self, draft: &Draft<'_>, bills: &[Bill]) -> anyhow::Result<Batch> {
        let known = draft.known;
        let mut batch = Batch {
            customers: known.customers.clone(),
            recognized: (known.customers.len() + known.orders.len() + known.refunds.len()) as u64,
            ..Batch::default()
        };
        for bill in bills {
            if known.orders.contains_key(&bill.id) || known.refunds.contains_key(&bill.id) {
                continue;
            }
            let found = self.customers.get(&bill.customer).or_else(|| batch.customers.get(&bill.customer));
            let customer = match found {
                Some(key) => *key,
                None => self.customer(draft, &bill.customer, &mut batch)?,
            };
            let at = self.calendar.moved(bill.at);
            match &bill.content {
                Content::Purchase(lines) => {
                    let key = draft.clock.key();
                    let items: Vec<_> = (1..)
                        .zip(lines)
                        .map(|(position, line)| order_item::Model {
                            id: draft.clock.key(),
                            order_id: key,
                            customer_id: customer,
                            position,
                            product_id: line.product.as_ref().and_then(|id| self.products.get(id)).copied(),
                            name: line.name.clone(),
                            quantity: line.quantity,
                            currency: draft.currency.to_owned(),
                            unit_price: line.unit_price,
                            discount: 0,
                        })
                        .collect();
                    batch.rows.orders.push(draft.order(key, customer, &bill.id, at, Some(at), &items)?);
                    batch.rows.items.extend(items);
                }
                Content::Refund(amount) => batch.rows.refunds.push(refund::Model {
                    id: draft.clock.key(),
                    customer_id: customer,
                    order_id: None,
                    external_id: Some(bill.id.clone()),
                    amount: *amount,
                    currency: draft.currency.to_owned(),
                    store_amount: *amount,
                    reason: None,
                    refunded_at: ChronoUnixTimestampMillis(at),
                    created_at: draft.made(),
                }),
            }
        }
        Ok(batch)
    }

    /// Adds a customer to the batch, and gives the key. The files name nobody.
    fn customer(&self, draft: &Draft<'_>, id: &str, batch: &mut Batch) -> anyhow::Result<Uuid> {
        let Some(Profile { since, country, custom_fields }) = self.book.customers.get(id) else {
            bail!("customer {id} was not in the file when it was first read");
        };
        let since = self.calendar.moved(*since);
        let mut customer = draft.customer(CustomerKind::Person, format!("Customer {id}"), id, since);
        customer.custom_fields.clone_from(custom_fields);
        let key = customer.id;
        if let Some(country) = country {
            let postal = PostalAddress { address_country: Some(country::code(country)), ..PostalAddress::default() };
            batch.rows.addresses.push(draft.address(key, postal));
        }
        batch.rows.customers.push(row::complete(customer));
        batch.customers.insert(id.to_owned(), key);
        Ok(key)
    }
}

fn products(draft: &Draft<'_>, articles: &[(String, Article)]) -> Batch {
    let known = &draft.known.products;
    let mut batch = Batch { products: known.clone(), recognized: known.len() as u64, ..Batch::default() };
    for (id, Article { name, unit_price }) in articles.iter().filter(|(id, _)| !known.contains_key(id)) {
        let key = draft.clock.key();
        batch.products.insert(id.clone(), key);
        batch.rows.products.push(product::Model {
            id: key,
            name_key: fold::text(name),
            name: name.clone(),
            description: None,
            sku: None,
            external_id: Some(id.clone()),
            unit_price: Some(*unit_price),
            currency: Some(draft.currency.to_owned()),
            version: 1,
            created_at: draft.made(),
            updated_at: draft.made(),
            deleted_at: None,
        });
    }
    batch
}

//! An import from the files to the last figure.

use std::{collections::HashMap, path::PathBuf};

use anyhow::{Context, bail};
use uuid::Uuid;

use super::{
    Dates, Report,
    calendar::Calendar,
    chinook::Chinook,
    dollars,
    draft::Draft,
    known::{Keys, Known},
    northwind::Northwind,
    source::{Row, Source},
};
use crate::{
    app::App, config::Format, customer::metrics, instant::Day, loyalty, progress::Progress, segment, store::Rows,
};

/// The files of another system, read and not yet taken.
pub trait Dataset: Send + Sync {
    /// When the newest order was placed.
    fn newest_order(&self) -> Option<Day>;

    /// The keys by which the store may know what is in the files.
    fn keys(&self) -> Keys;

    /// The rows that the store does not have.
    fn select(&self, draft: &Draft<'_>) -> anyhow::Result<Selection>;
}

/// What of a data set is to be written.
#[derive(Debug, Default)]
pub struct Selection {
    /// What is new.
    pub rows: Rows,
    /// How many things in the files the store has already.
    pub recognized: u64,
}

impl Selection {
    /// The keys of what the rows of a file are about, by the ids in its column `column`, each of which must be
    /// there once: see [`Self::key`].
    pub fn keys<'a, T>(
        &mut self,
        file: &'a [Row<T>],
        (column, id): (&str, fn(&T) -> &str),
        known: &HashMap<String, Uuid>,
        mut make: impl FnMut(&'a Row<T>, &mut Rows) -> anyhow::Result<Uuid>,
    ) -> anyhow::Result<HashMap<&'a str, Uuid>> {
        let mut keys = HashMap::with_capacity(file.len());
        for row in file {
            let id = id(&row.fields);
            let key = self.key(id, known, |rows| make(row, rows))?;
            if keys.insert(id, key).is_some() {
                return Err(row.wrong(column, format_args!("{id:?} is in the file twice")));
            }
        }
        Ok(keys)
    }

    /// The key of a thing that the files call `id`: the one by which it is `known`, or that of the rows which
    /// `make` adds.
    pub fn key(
        &mut self,
        id: &str,
        known: &HashMap<String, Uuid>,
        make: impl FnOnce(&mut Rows) -> anyhow::Result<Uuid>,
    ) -> anyhow::Result<Uuid> {
        match known.get(id) {
            Some(key) => {
                self.recognized += 1;
                Ok(*key)
            }
            None => make(&mut self.rows),
        }
    }
}

/// Imports `files`, which are told apart by their first lines. A second import of the same files changes
/// nothing.
///
/// # Errors
/// When a file cannot be read, a row is wrong, or the store is not in the files' currency. Nothing is written
/// then; the message names the file, the line and the column.
pub async fn run(
    app: &App,
    format: Format,
    files: &[PathBuf],
    dates: Dates,
    progress: &Progress,
) -> anyhow::Result<Report> {
    let sources = files.iter().map(|file| Source::open(file)).collect::<anyhow::Result<Vec<_>>>()?;
    app.database.expect_many_rows().await?;
    let report = import(app, format, &sources, dates, progress).await?;
    app.database.take_stock().await?;
    Ok(report)
}

/// Imports files that are read already.
pub(super) async fn import(
    app: &App,
    format: Format,
    sources: &[Source],
    dates: Dates,
    progress: &Progress,
) -> anyhow::Result<Report> {
    if app.currency.code() != dollars::CODE {
        bail!(
            "the amounts of {format} are in {}, and the currency of this store is {}",
            dollars::CODE,
            app.currency.code()
        );
    }
    let dataset: Box<dyn Dataset> = match format {
        Format::Northwind => Box::new(Northwind::read(sources)?),
        Format::Chinook => Box::new(Chinook::read(sources)?),
    };
    let tx = app.database.begin().await?;
    let reading = app.reading();
    let now = reading.now;
    let calendar = Calendar::new(dates, dataset.newest_order(), now);
    let known = Known::find(&tx, dataset.keys()).await?;
    let Selection { rows, recognized } = dataset.select(&Draft { clock: app.clock, now, calendar, known: &known })?;
    let report = Report {
        format,
        customers: rows.customers.len() as u64,
        orders: rows.orders.len() as u64,
        refunds: rows.refunds.len() as u64,
        products: rows.products.len() as u64,
        recognized,
        rejected_rows: 0,
        shift_in_days: calendar.shift_in_days(),
    };
    let touched = rows.touched();
    progress.expect(rows.len() as u64);
    rows.insert(&tx, |count| progress.advance(count)).await?;
    if !touched.is_empty() {
        metrics::rebuild(&tx, now, Some(&touched)).await?;
        loyalty::standing::enroll(&tx, now, Some(&touched)).await?;
        loyalty::standing::settle_tiers(&tx, now, Some(&touched)).await?;
        segment::computation::compute(&tx, &reading, Some(&touched)).await?;
    }
    tx.commit().await.context("could not complete the import")?;
    progress.finish();
    Ok(report)
}

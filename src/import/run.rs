//! An import from the files to the last figure.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use entity::event::EventCause;
use uuid::Uuid;

use super::{
    Report,
    calendar::{Calendar, Dates},
    cdnow::Cdnow,
    chinook::Chinook,
    consequences, dollars,
    draft::Draft,
    known::{Keys, Known},
    ledger,
    northwind::Northwind,
    online_retail::{self, OnlineRetail},
    rejections::Rejections,
    report::Tally,
    source::{Row, Source},
};
use crate::{
    app::App,
    config::{Format, ImportOptions, OnError},
    event::log::Origin,
    failure::Failure,
    instant::Day,
    job::settling::settle_new,
    progress::Progress,
    rejection::Refusal,
    store::Rows,
    transaction::Transaction,
};

/// The files of another system, read and not yet taken.
pub trait Dataset: Send + Sync {
    /// When the newest order was placed.
    fn newest_order(&self) -> Option<Day>;

    /// The keys by which the store may know what is in the files.
    fn keys(&self) -> Keys;

    /// The rows that the store does not have, but those that are rejected.
    fn select(&self, draft: &Draft<'_>, rejections: &mut Rejections) -> anyhow::Result<Selection>;
}

/// How files are imported.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// How dates are taken.
    pub dates: Dates,
    /// What becomes of wrong rows.
    pub on_error: OnError,
    /// Where rows go that are rejected; nowhere if there is no path.
    pub rejected: Option<PathBuf>,
    /// Whether to find out only what would be written.
    pub is_rehearsal: bool,
}

/// One import.
#[derive(Debug)]
pub struct Work<'a> {
    /// The store.
    pub app: &'a App,
    /// What the files hold.
    pub format: Format,
    /// How they are imported.
    pub manner: &'a Manner,
    /// Who tells the events, and why.
    pub origin: &'a Origin,
    /// Who is told how far it has come.
    pub progress: &'a Progress,
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
    /// there once: see [`Self::key`]. Rows that are rejected have none.
    pub fn keys<'a, T>(
        &mut self,
        file: &'a [Row<T>],
        (column, id): (&str, fn(&T) -> &str),
        known: &HashMap<String, Uuid>,
        rejections: &mut Rejections,
        mut make: impl FnMut(&'a Row<T>, &mut Rows) -> anyhow::Result<Uuid>,
    ) -> anyhow::Result<HashMap<&'a str, Uuid>> {
        let mut keys = HashMap::with_capacity(file.len());
        for row in file {
            let id = id(&row.fields);
            let key = if keys.contains_key(id) {
                Err(row.wrong(column, format_args!("{id:?} is in the file twice")))
            } else {
                self.key(id, known, |rows| make(row, rows))
            };
            keys.extend(rejections.sift(key)?.map(|key| (id, key)));
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

/// Imports files, which are told apart by their first lines. A second import of the same files changes nothing.
///
/// # Errors
/// When a file cannot be read, a row is wrong and that is to stop the import, the store is not in the files' currency,
/// or rejected rows cannot be written, or only over what is imported. Nothing is written then; the message names the
/// file, the line and the column. When the database fails: then batches that were written stay, and running the import
/// again completes it.
pub async fn run(app: &App, options: &ImportOptions, progress: &Progress) -> anyhow::Result<Report> {
    let sources = options.files.iter().map(|file| Source::open(file)).collect::<anyhow::Result<Vec<_>>>()?;
    let rejected = options.rejected.clone().or_else(|| beside(options.files.first()?));
    if let Some(rejected) = &rejected {
        spare(&sources, rejected)?;
    }
    if !options.dry_run {
        app.database.expect_many_rows().await?;
        // Whoever comes to another tier by an edit does so as of now, and not as of what is imported.
        settle_new(app).await?;
    }
    let manner = Manner {
        dates: if options.recent { Dates::Recent } else { Dates::AsWritten },
        on_error: options.on_error,
        rejected,
        is_rehearsal: options.dry_run,
    };
    let report = import(app, options.format, &sources, &manner, progress).await?;
    if !options.dry_run {
        app.database.take_stock().await?;
    }
    Ok(report)
}

/// The file for rejected rows when none is named: in the working directory, as data may lie where nobody may write.
fn beside(file: &Path) -> Option<PathBuf> {
    let mut name = file.file_name()?.to_owned();
    name.push(".rejected.csv");
    Some(name.into())
}

/// Makes sure that rejected rows are not written over what is read.
fn spare(sources: &[Source], rejected: &Path) -> anyhow::Result<()> {
    for source in sources {
        if source.is_at(rejected)? {
            bail!(
                "rejected rows would go to {}, which is imported itself; name another file with --rejected",
                rejected.display()
            );
        }
    }
    Ok(())
}

/// Imports from sources that are found already.
pub(super) async fn import(
    app: &App,
    format: Format,
    sources: &[Source],
    manner: &Manner,
    progress: &Progress,
) -> anyhow::Result<Report> {
    let (own, theirs) = (app.currency.code(), currency(format));
    if own != theirs {
        bail!("the amounts of {format} are in {theirs}, and the currency of this store is {own}");
    }
    let origin = &Origin { actor: "import".to_owned(), cause: EventCause::Import };
    let work = Work { app, format, manner, origin, progress };
    let mut rejections = Rejections::new(manner.on_error, manner.rejected.clone());
    match format {
        Format::Northwind => whole(&work, &Northwind::read(sources, &mut rejections)?, rejections).await,
        Format::Chinook => whole(&work, &Chinook::read(sources, &mut rejections)?, rejections).await,
        Format::Cdnow => ledger::import::<Cdnow>(&work, sources, "purchases").await,
        Format::OnlineRetail => ledger::import::<OnlineRetail>(&work, sources, "invoice lines").await,
    }
}

/// The code of the currency that the files are in.
pub fn currency(format: Format) -> &'static str {
    match format {
        Format::Northwind | Format::Chinook | Format::Cdnow => dollars::CODE,
        Format::OnlineRetail => online_retail::CURRENCY,
    }
}

/// Why a transaction failed. Nothing rejects what an import writes.
pub fn failed(refusal: Refusal) -> anyhow::Error {
    match refusal {
        Refusal::Failed(Failure::Internal(error)) => anyhow::anyhow!("{error:#}"),
        other => anyhow::anyhow!("{other:?}"),
    }
}

/// Imports a data set as a whole, in one transaction.
async fn whole(work: &Work<'_>, dataset: &dyn Dataset, mut rejections: Rejections) -> anyhow::Result<Report> {
    let Work { app, format, manner, origin, progress } = *work;
    let calendar = Calendar::new(manner.dates, dataset.newest_order(), app.clock.now());
    let draft = |known, now| Draft { clock: app.clock, now, calendar, known, currency: currency(format) };
    let mut report = Report::new(format, manner, calendar);
    if manner.is_rehearsal {
        let known = Known::find(app.database.reader(), dataset.keys()).await?;
        let Selection { rows, recognized } = dataset.select(&draft(&known, app.clock.now()), &mut rejections)?;
        report.add(Tally::of(&rows, recognized));
        report.reject(&mut rejections)?;
    } else {
        let tx = Transaction::begin(app, origin).await?;
        let known = Known::find(&*tx.db, dataset.keys()).await?;
        let Selection { rows, recognized } = dataset.select(&draft(&known, tx.now), &mut rejections)?;
        report.add(Tally::of(&rows, recognized));
        let touched = rows.touched();
        progress.begin("rows", rows.len() as u64);
        consequences::write(&tx, rows, |count| progress.advance(count)).await?;
        consequences::settle(&tx, &touched).await?;
        report.reject(&mut rejections)?;
        tx.commit().await.context("could not complete the import")?;
        app.bell.ring();
    }
    progress.finish();
    Ok(report)
}

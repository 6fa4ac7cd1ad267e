//! The command line.

mod jobs;
mod serve;

use std::io::{Write, stdout};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::{
    app::App,
    clock::Clock,
    config::{Command, Options, StoreOptions},
    event::{Bell, Feed},
    filter::Shelf,
    import,
    post::{Post, Templates},
    progress::Progress,
    schedule::Schedules,
    schema, seed,
    semantics::Base,
    settings,
    store::{Database, Preparation},
};

/// The database when none is named.
const DEFAULT_DATABASE: &str = "sqlite://customers.db?mode=rwc";
/// The base of IRIs when nothing is listened on.
const DEFAULT_BASE: &str = "http://127.0.0.1:8000";

/// Does what the operator asks.
///
/// # Errors
/// Whatever stops the command, said for the operator.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let store = options.store;
    match options.command {
        Command::Schema => say(&schema::sdl()),
        Command::Serve(serve) => serve::run(store, serve).await,
        Command::Import(options) => {
            let scratch = if options.dry_run { stand_in(store.database()).await? } else { None };
            let database = scratch.as_ref().map_or(store.database(), |(_, url)| url);
            let app = open(&store, database, DEFAULT_BASE).await?;
            let report = import::run(&app, &options, &Progress::on_stderr()).await?;
            say(&format!("{report}\n"))
        }
        Command::Seed(options) => {
            let app = open(&store, store.database(), DEFAULT_BASE).await?;
            let report = seed::run(&app, &options, &Progress::on_stderr()).await?;
            say(&format!("{report}\n"))
        }
        Command::Jobs(command) => jobs::run(&store, command).await,
    }
}

/// Opens the database, brings it up to date and makes it ready.
async fn open(options: &StoreOptions, database: &str, default_base: &str) -> anyhow::Result<App> {
    let base = options.base_url.as_deref().unwrap_or(default_base);
    let base = Base::new(base, &options.former_base_url).map_err(anyhow::Error::msg).context("--base-url")?;
    let database = Database::connect(database).await?;
    database.migrate().await?;
    let (clock, post) = (Clock::System, Post::new(Templates::load(None)?));
    let currency = settings::prepare(&database, clock, options.currency).await?;
    let valuation = settings::valuation(&database).await?;
    let (bell, feed) = (Bell::default(), Feed::default());
    Ok(App {
        database,
        clock,
        base: base.into(),
        currency,
        valuation,
        bell,
        feed,
        schedules: Schedules::default(),
        post,
        rules: Shelf::default(),
    })
}

/// For a command that is to leave the database alone: an empty one in its place that ends with the directory, when it
/// is not there yet and opening it would make it.
async fn stand_in(database: &str) -> anyhow::Result<Option<(TempDir, String)>> {
    match Database::preparation(database).await? {
        Preparation::Current => Ok(None),
        Preparation::Older => {
            bail!("a dry run leaves the database alone, which has the schema of an older release; run `serve` first")
        }
        Preparation::None => {
            let directory = tempfile::Builder::new().prefix("customers-dry-run-").tempdir();
            let directory = directory.context("could not make a directory for the dry run")?;
            let url = format!("sqlite://{}?mode=rwc", directory.path().join("customers.db").display());
            Ok(Some((directory, url)))
        }
    }
}

impl StoreOptions {
    /// The database that is named, or the default one.
    fn database(&self) -> &str {
        self.database.as_deref().or(self.database_url.as_deref()).unwrap_or(DEFAULT_DATABASE)
    }
}

fn say(text: &str) -> anyhow::Result<()> {
    stdout().lock().write_all(text.as_bytes()).context("could not write to the standard output")
}

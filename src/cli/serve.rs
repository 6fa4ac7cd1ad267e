//! `customers serve`.

use std::time::Duration;

use anyhow::Context;
use tokio::time::interval;

use super::open;
use crate::{
    app::App,
    communication::writing,
    config::{PostOptions, ServeOptions, StoreOptions, ValuationOptions},
    http::{self, Server},
    idempotency, import, job,
    post::{Gateway, Mailer, Post, Templates},
    schedule::Schedules,
    settings,
};

/// Serves until the process is told to end.
pub async fn run(store: StoreOptions, options: ServeOptions) -> anyhow::Result<()> {
    let server = Server::bind(options.listen).await?;
    let base = format!("http://{}", server.address);
    // Kept until the end: the directory of the demonstration is removed with it.
    let directory = (options.demo && store.database.is_none())
        .then(|| tempfile::Builder::new().prefix("customers-demo-").tempdir())
        .transpose()
        .context("could not make a directory for the demonstration")?;
    let database = match &directory {
        Some(directory) => format!("sqlite://{}?mode=rwc", directory.path().join("customers.db").display()),
        None => store.database().to_owned(),
    };
    let post = post(&options.post)?;
    let mut app = App { post, ..open(&store, &database, &base).await? };
    let ValuationOptions { margin_factor, monthly_discount } = options.valuation;
    app.valuation = settings::set_valuation(&app.database, margin_factor, monthly_discount).await?;
    if !options.no_jobs {
        app.schedules = Schedules::with(&options.schedule.schedule).map_err(anyhow::Error::msg)?;
    }
    if options.demo {
        for report in import::demo(&app).await? {
            tracing::info!("{report}");
        }
    }
    if !options.no_jobs {
        tokio::spawn(job::scheduler::run(app.clone()));
        tokio::spawn(job::settling::settle(app.clone()));
    }
    tokio::spawn(keep_house(app.clone()));
    tracing::info!(base = app.base.as_str(), "serving; open {} in a browser", app.base.url("graphql"));
    http::serve(server, app).await
}

/// What messages are written and sent with.
fn post(options: &PostOptions) -> anyhow::Result<Post> {
    let templates = Templates::load(options.templates.as_deref()).context("--templates")?;
    writing::check(&templates).context("--templates")?;
    let mailer = options.smtp_url.as_deref().zip(options.mail_from.as_deref());
    let mailer = mailer.map(|(url, from)| Mailer::new(url, from).context("--smtp-url, --mail-from")).transpose()?;
    let (token, from) = (options.sms_token.as_deref(), options.sms_from.as_deref());
    let gateway = options.sms_url.as_deref().map(|url| Gateway::new(url, token, from).context("--sms-url"));
    Ok(Post { mailer, gateway: gateway.transpose()?, ..Post::new(templates) })
}

/// What a store needs now and then: keys of repeated requests that are too old are forgotten, and tables that have grown
/// are counted.
async fn keep_house(app: App) {
    let mut hours = interval(Duration::from_hours(1));
    loop {
        hours.tick().await;
        if let Err(error) = idempotency::forget(&app).await {
            tracing::error!(error = format!("{error:#}"), "old idempotency keys could not be forgotten");
        }
        if let Err(error) = app.database.retake_stock().await {
            tracing::error!(error = format!("{error:#}"), "what the tables hold could not be counted");
        }
    }
}

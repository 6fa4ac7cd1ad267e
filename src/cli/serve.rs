//! `customers serve`.

use anyhow::Context;

use super::open;
use crate::{
    app::App,
    config::{ServeOptions, StoreOptions},
    http::{self, Server},
    import,
    segment::computation,
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
    let app = open(&store, &database, &base).await?;
    if options.demo {
        for report in import::demo(&app).await? {
            tracing::info!("{report}");
        }
    }
    tokio::spawn(refresh(app.clone()));
    tracing::info!(base = app.base.as_str(), "serving; open {} in a browser", app.base.url("graphql"));
    http::serve(server, app).await
}

/// Recomputes the members of all dynamic segments: what depends on time moved on while no server ran.
async fn refresh(app: App) {
    let computing = async {
        let tx = app.database.begin().await?;
        let changed = computation::compute(&tx, &app.reading(), None).await?;
        tx.commit().await?;
        anyhow::Ok(changed)
    };
    match computing.await {
        Ok(changed) => tracing::info!(changed, "the segments are up to date"),
        Err(error) => tracing::error!(error = format!("{error:#}"), "the segments could not be brought up to date"),
    }
}

//! `customers serve`.

use anyhow::Context;

use super::open;
use crate::{
    config::{ServeOptions, StoreOptions},
    http::{self, Server},
    import,
};

/// Serves until the process is told to end.
pub async fn run(store: StoreOptions, options: ServeOptions) -> anyhow::Result<()> {
    let server = Server::bind(options.listen).await?;
    let base = format!("http://{}", server.address);
    // Kept until the end: the directory of the demonstration is removed with it.
    let directory = (options.demo && !store.names_database())
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
    tracing::info!(base = app.base.as_str(), "serving; open {} in a browser", app.base.url("graphql"));
    http::serve(server, app).await
}

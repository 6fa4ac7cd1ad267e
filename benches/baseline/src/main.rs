//! What a server costs at least that answers one question each: axum, and SQL written by hand.
//!
//! Each path answers the bytes that the product answers to the GraphQL query of the same name in `customers-load`, from
//! the same database, with the same pools: prepared statements, keyset pages by row values, one statement for each
//! level.

#![expect(clippy::struct_field_names, reason = "fields have the names that they have in GraphQL")]

mod answer;
mod events;
mod filtered;
mod jobs;
mod json_ld;
mod n_quads;
mod nested;
mod page;
mod point;
mod store;
mod value;
mod write;

use std::net::SocketAddr;

use anyhow::Context;
use axum::{
    Router,
    routing::{get, post},
};
use clap::Parser;
use tokio::net::TcpListener;

use self::{jobs::Job, store::Store};

/// The flags.
#[derive(Debug, Parser)]
struct Options {
    /// URL of a database that the product has seeded.
    #[arg(long)]
    database: String,
    /// Address to listen on.
    #[arg(long, required_unless_present_any = ["job", "tidy"])]
    listen: Option<SocketAddr>,
    /// Does what a job of the product does, and ends.
    #[arg(long)]
    job: Option<Job>,
    /// Undoes it instead.
    #[arg(long, requires = "job")]
    undo: bool,
    /// Takes away what was overwritten, and counts rows, as PostgreSQL does by itself unless it is measured, and ends.
    #[arg(long, conflicts_with = "job")]
    tidy: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if let Some(job) = options.job {
        return jobs::run(&options.database, job, options.undo).await;
    }
    if options.tidy {
        return jobs::tidy(&options.database).await;
    }
    let listen = options.listen.context("there is an address to listen on")?;
    let store = Store::connect(&options.database, &format!("http://{listen}")).await?;
    let router = Router::new()
        .route("/health/ready", get(async || "ready\n"))
        .route("/point", post(point::point))
        .route("/page", post(page::page))
        .route("/nested", post(nested::nested))
        .route("/filtered", post(filtered::filtered))
        .route("/events", get(events::events))
        .route("/write", post(write::write))
        .route("/customers/{key}", get(json_ld::customer))
        .with_state(store);
    axum::serve(TcpListener::bind(listen).await?, router).await?;
    Ok(())
}

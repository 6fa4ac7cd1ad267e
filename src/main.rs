//! The `customers` program.

use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
};

use anyhow::Context;
use clap::Parser;
use customers::{cli, config::Options};
use mimalloc::MiMalloc;
use tokio::runtime::Builder;

/// Answers are made of many small pieces, of which each is allocated.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Conditions may nest, and each level of a filter takes some of the stack.
const STACK_BYTES: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let options = Options::parse();
    let is_terminal = stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(options.store.log.clone())
        .with_ansi(is_terminal)
        .with_writer(stderr)
        .init();
    let runtime = Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build();
    let result = runtime.context("could not start").and_then(|runtime| runtime.block_on(cli::run(options)));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let said = error.chain().map(ToString::to_string).reduce(|said, cause| {
                // Some errors tell of their causes themselves.
                if said.ends_with(&cause) { said } else { format!("{said}: {cause}") }
            });
            tracing::error!("{}", said.unwrap_or_default());
            ExitCode::FAILURE
        }
    }
}

//! The data of `serve --demo`: both example shops, part of the program.

use super::{
    Report,
    calendar::Dates,
    run::{Manner, import},
    source::Source,
};
use crate::{app::App, config::Format, progress::Progress};

/// Imports both example shops, their dates moved so that the newest order of each was placed yesterday. A
/// second time changes nothing.
///
/// # Errors
/// When the store is not in dollars, or has other customers with the same keys or e-mail addresses.
pub async fn demo(app: &App) -> anyhow::Result<[Report; 2]> {
    let manner = Manner { dates: Dates::Recent, ..Manner::default() };
    let load = async |format| import(app, format, &embedded(format), &manner, &Progress::silent()).await;
    Ok([load(Format::Northwind).await?, load(Format::Chinook).await?])
}

/// The files of a shop in `data/`, as they were when the program was built.
pub(super) fn embedded(format: Format) -> Vec<Source> {
    macro_rules! sources {
        ($($name:literal),*) => {
            vec![$(Source::embedded($name, include_bytes!(concat!("../../data/", $name)))),*]
        };
    }
    match format {
        Format::Northwind => sources!("northwind_customers.csv", "northwind_orders.csv", "northwind_order_lines.csv"),
        Format::Chinook => sources!("chinook_customers.csv", "chinook_invoices.csv"),
        Format::Cdnow | Format::OnlineRetail => Vec::new(),
    }
}

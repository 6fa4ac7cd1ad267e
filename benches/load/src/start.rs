//! How fast the product starts, and what it takes at rest.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    Options,
    process::{PRODUCT, serve},
    report::{Report, median},
};

/// How often it is started.
const STARTS: usize = 5;

/// Measures a start on a database that is there already, and the memory a second later.
pub async fn measure(options: &Options, name: &str, url: &str, report: &mut Report) -> anyhow::Result<()> {
    let (mut times, mut sizes) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let server = serve(&options.server, PRODUCT, url).await?;
        times.push(server.started_in.as_secs_f64() * 1000.0);
        sleep(Duration::from_secs(1)).await;
        sizes.push(server.memory()?);
    }
    report.bound("cold start", name, median(times.into_iter()), 100.0, "ms");
    // The goal is that of the embedded database.
    let most = if name == "sqlite" { 30.0 } else { f64::INFINITY };
    report.bound("memory at rest", name, median(sizes.into_iter()), most, "MiB");
    Ok(())
}

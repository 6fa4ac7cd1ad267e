//! Listening, and ending well.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use axum::http::Uri;
use tokio::{net::TcpListener, signal::unix, time::sleep};

use super::{layers::Hosts, router::router};
use crate::app::App;

/// Requests that run when the server is asked to end may take so long to finish.
const GRACE: Duration = Duration::from_secs(8);

/// A server that has its port and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Takes the port.
    ///
    /// # Errors
    /// When the address is not a loopback one, or is taken.
    pub async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        if !address.ip().is_loopback() {
            bail!(
                "--listen {address}: without access control the server answers on a loopback address only, \
                 such as 127.0.0.1:{}",
                address.port()
            );
        }
        let listener = TcpListener::bind(address).await.map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => {
                anyhow::anyhow!("--listen {address}: another program listens there; choose another port")
            }
            _ => anyhow::Error::new(error).context(format!("--listen {address}: cannot listen there")),
        })?;
        let address = listener.local_addr().context("the port that was taken is not known")?;
        Ok(Self { listener, address })
    }
}

/// Answers requests until the process is told to end, then finishes what runs.
///
/// # Errors
/// When listening fails.
pub async fn serve(server: Server, app: App) -> anyhow::Result<()> {
    let router = router(app.clone(), hosts(&app));
    let (ending, ended) = tokio::sync::watch::channel(false);
    let signal = async move {
        terminated().await;
        tracing::info!("ending: finishing the requests that run");
        ending.send_replace(true);
    };
    let running = async { axum::serve(server.listener, router).with_graceful_shutdown(signal).await };
    tokio::select! {
        result = running => result.context("serving failed"),
        () = deadline(ended) => {
            tracing::warn!("requests were still running at the deadline, and were dropped");
            Ok(())
        }
    }
}

/// Loopback names, and the name in the base URL.
fn hosts(app: &App) -> Hosts {
    let mut hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
    let base = app.base.as_str().parse::<Uri>().ok();
    hosts.extend(base.and_then(|base| base.host().map(str::to_owned)).filter(|host| !hosts.contains(host)));
    Hosts(hosts)
}

async fn deadline(mut ended: tokio::sync::watch::Receiver<bool>) {
    // An error means that the sender is gone with the server, whose own result counts.
    if ended.wait_for(|is_ending| *is_ending).await.is_err() {
        std::future::pending::<()>().await;
    }
    sleep(GRACE).await;
}

async fn terminated() {
    let terminate = async {
        match unix::signal(unix::SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = terminate => {}
        result = tokio::signal::ctrl_c() => {
            if result.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

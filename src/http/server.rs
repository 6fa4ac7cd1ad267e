//! Listening, and ending well.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use anyhow::{Context, bail};
use axum::http::Uri;
use tokio::{net::TcpListener, signal::unix, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    layers::Hosts,
    router::router,
    streams::{Patience, Streams},
};
use crate::{app::App, communication::delivery, event};

/// Requests that run when the server is asked to end may take so long to finish.
const GRACE: Duration = Duration::from_secs(8);

/// A server that has its port and waits to be run.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long its sockets wait for their clients.
    pub patience: Patience,
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
        Ok(Self { listener, address, patience: Patience::default() })
    }
}

/// Answers requests until the process is told to end, then finishes what runs. Sockets and streams are ended at once.
///
/// # Errors
/// When listening fails.
pub async fn serve(server: Server, app: App) -> anyhow::Result<()> {
    let ending = CancellationToken::new();
    // However the server ends, so does what it began.
    let _end = ending.clone().drop_guard();
    let streams = Streams::new(ending.clone(), server.patience);
    let tasks = streams.tasks.clone();
    tasks.spawn(event::reader::run(app.clone(), ending.clone()));
    tasks.spawn(delivery::run(app.clone(), ending.clone()));
    let router = router(app.clone(), hosts(&app), streams);
    let running = async {
        let served = axum::serve(server.listener, router).with_graceful_shutdown(ending.clone().cancelled_owned());
        served.await.context("serving failed")?;
        tasks.close();
        tasks.wait().await;
        Ok(())
    };
    let deadline = async {
        terminated().await;
        tracing::info!("ending: finishing the requests that run");
        ending.cancel();
        sleep(GRACE).await;
    };
    tokio::select! {
        result = running => result,
        () = deadline => {
            tracing::warn!("requests or messages were still under way at the deadline, and were dropped");
            Ok(())
        }
    }
}

/// Loopback names, and the name in the base URL.
fn hosts(app: &App) -> Hosts {
    let mut hosts = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned).to_vec();
    let base = app.base.as_str().parse::<Uri>().ok();
    hosts.extend(base.and_then(|base| base.host().map(str::to_owned)).filter(|host| !hosts.contains(host)));
    Hosts(hosts.into())
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

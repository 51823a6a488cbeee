//! The HTTP server: accepts connections until it is stopped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::error::Error;

use super::connection::serve;
use super::listener::listen;
use super::pulse::Pulse;
use super::respond::Responder;
use super::{Access, Hits, Limits, Site};

/// How long to wait when no connection can be accepted.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// Serves a site until it is dropped.
pub struct HttpServer {
    /// Where it listens.
    pub address: SocketAddr,
    /// What the person who chose the address should know.
    pub warnings: Vec<String>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl HttpServer {
    /// Serves `site` on `address`; port 0 takes any that is free.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub async fn start(
        address: SocketAddr,
        site: Arc<dyn Site>,
        access: Access,
        limits: Limits,
        hits: Arc<Hits>,
    ) -> Result<Self, Error> {
        let failed = |source| Error::Listen { address, source };
        let (listener, narrower) = listen(address, limits.send_buffer).map_err(failed)?;
        let warnings = narrower
            .into_iter()
            .chain(access.warning(address))
            .collect();
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = watch::channel(false);
        let local = address.ip().to_canonical().is_loopback();
        let responder = Arc::new(Responder::new(site, access, local, limits, hits));
        Ok(Self {
            address,
            warnings,
            stop,
            accepting: tokio::spawn(accept(listener, responder, stopped)),
        })
    }

    /// Accepts no more connections, and lets those that are open end with the
    /// answer that they are at, for the time of grace.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // It does not panic, and nobody aborts it.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn accept(listener: TcpListener, responder: Arc<Responder>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
            // Those that have ended are let go of.
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // Some will be free again.
            tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            continue;
        };
        let pulse = Arc::new(Pulse::new());
        let Some(place) = responder.places.take(&pulse) else {
            continue;
        };
        let (for_probes, responder) = (place.for_probes, Arc::clone(&responder));
        let serving = serve(stream, pulse, for_probes, responder, stop.clone());
        connections.spawn(async move {
            serving.await;
            drop(place);
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // Those that are left are aborted with the set.
    let _ = timeout(responder.limits.grace, all).await;
}

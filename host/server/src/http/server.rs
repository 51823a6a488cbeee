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
use super::{Hits, HttpAccess, HttpLimits, Site};

/// Wait after a connection could not be accepted.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// Serves a site until this value is dropped.
pub struct HttpServer {
    /// Address of the listener.
    pub address: SocketAddr,
    /// Warnings for the user who chose the address.
    pub warnings: Vec<String>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl HttpServer {
    /// Serves `site` on `address`; port 0 selects a free port.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on.
    pub async fn start(
        address: SocketAddr,
        site: Arc<dyn Site>,
        access: HttpAccess,
        limits: HttpLimits,
        hits: Arc<Hits>,
    ) -> Result<Self, Error> {
        let failed = |reason| Error::Listen { address, reason };
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

    /// Accepts no more connections. Open connections end after their current answer,
    /// within the shutdown timeout.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // The task does not panic, and no caller aborts it.
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
            // Ended connections are removed.
            Some(_) = connections.join_next() => continue,
        };
        let Ok((stream, _)) = accepted else {
            // The wait lets descriptors become free.
            tokio::time::sleep(OUT_OF_DESCRIPTORS).await;
            continue;
        };
        let pulse = Arc::new(Pulse::new());
        let Some(slot) = responder.slots.take(&pulse) else {
            continue;
        };
        let (for_probes, responder) = (slot.for_probes, Arc::clone(&responder));
        let serving = serve(stream, pulse, for_probes, responder, stop.clone());
        connections.spawn(async move {
            serving.await;
            drop(slot);
        });
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    // The remaining connections are aborted with the set.
    let _ = timeout(responder.limits.shutdown_timeout, all).await;
}

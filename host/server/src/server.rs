//! The server: builder, start, reload and stop.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics::{EncodeError, ExpositionFormat, MetricsHandle};
use solti_metrics_host::artifact::CompilerProcess;
use solti_metrics_host::{DropReason, LedgerSnapshot};

use crate::check::{Checked, check};
use crate::collector::exposition;
use crate::config::Configuration;
use crate::error::Error;
use crate::http::HttpServer;
use crate::live::Live;
use crate::notices::{Notices, TracedNotices};
use crate::reload;
use crate::reload_error::ReloadError;
use crate::server_start_error::ServerStartError;
use crate::start::{Parts, listen, prepare};

/// Runs the tasks of a [`Configuration`], and serves their metrics.
///
/// A server runs in the tokio runtime of its owner, which needs several threads, timers
/// and I/O. It handles no signals and sets no process-wide state. It emits events of
/// `tracing`, and prints nothing except the output of tasks with `output = "inherit"`.
///
/// ```text
/// build ─▶ listens, is not ready ─▶ start ─▶ runs ─▶ reload … ─▶ stop
/// ```
///
/// Dropping a server without [`stop`](Self::stop) loses the records that its backends
/// have not sent.
pub struct Server {
    started_with: Configuration,
    live: Arc<Live>,
    http: Option<HttpServer>,
}

/// Builds a [`Server`].
pub struct ServerBuilder(Parts);

impl ServerBuilder {
    fn new(configuration: Configuration) -> Self {
        Self(Parts {
            configuration,
            compiler: None,
            native: Vec::new(),
            notices: Arc::new(TracedNotices),
            lost_entries: Arc::default(),
        })
    }

    /// Compiles components in this process, with the limits of `[compilation]`. Without
    /// it, components are compiled in the process of the server, where those limits do
    /// not apply: use that only with components that you trust.
    #[must_use]
    pub fn compiler(mut self, process: CompilerProcess) -> Self {
        self.0.compiler = Some(process);
        self
    }

    /// Adds a backend of the program that embeds the server. It receives all records
    /// behind the middlewares, while the server runs.
    #[must_use]
    pub fn backend(mut self, backend: MetricsHandle) -> Self {
        self.0.native.push(backend);
        self
    }

    /// Destination of warnings and of the output of components. The default is events of
    /// `tracing`.
    #[must_use]
    pub fn notices(mut self, notices: Arc<dyn Notices>) -> Self {
        self.0.notices = notices;
        self
    }

    /// Counter of lost log entries, for `solti_metrics_log_entries_lost_total`. The
    /// default is 0.
    #[must_use]
    pub fn lost_log_entries(mut self, lost: Arc<AtomicU64>) -> Self {
        self.0.lost_entries = lost;
        self
    }

    /// Checks all files that the configuration names, components included, and runs
    /// nothing. This blocks while components are compiled.
    ///
    /// # Errors
    ///
    /// When the checks cannot start, for a reason outside the configuration.
    pub fn check(self) -> Result<Checked, Error> {
        let parts = self.0;
        check(&parts.configuration, parts.compiler, &*parts.notices)
    }

    /// Builds the server, and listens if `[server]` is set. No task runs and no backend
    /// receives records before [`Server::start`].
    ///
    /// # Errors
    ///
    /// When the server cannot listen on the address, a key or token cannot be read, or
    /// memory for tasks cannot be reserved.
    pub async fn build(self) -> Result<Server, Error> {
        let started_with = self.0.configuration.clone();
        let live = prepare(self.0).await?;
        let http = listen(&started_with, &live).await?;
        Ok(Server {
            started_with,
            live,
            http,
        })
    }
}

impl Server {
    /// Builder of a server with this configuration.
    pub fn builder(configuration: Configuration) -> ServerBuilder {
        ServerBuilder::new(configuration)
    }

    /// Address of the HTTP server, if there is one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(|http| http.address)
    }

    /// Handle for records of the embedding program: they pass the middlewares to all
    /// backends. Only the ledgers of backends count them.
    pub fn metrics(&self) -> MetricsHandle {
        self.live.backends.handle()
    }

    /// The exposition of the server as text, for a program that answers scrapes itself.
    /// `/metrics` of [`address`](Self::address) has the same text.
    ///
    /// # Errors
    ///
    /// When a collector in the registry of the server fails, which none of its own does.
    pub fn exposition(&self, format: ExpositionFormat) -> Result<String, EncodeError> {
        exposition(&self.live, format)
    }

    /// Whether the server was started.
    pub fn is_started(&self) -> bool {
        self.live.is_started.load(Ordering::Relaxed)
    }

    /// Loads and starts all backends and tasks.
    ///
    /// # Errors
    ///
    /// When some of them cannot be loaded or started, with all causes. Stop the server
    /// then.
    pub async fn start(&self) -> Result<(), ServerStartError> {
        let live = &self.live;
        let mut errors = live.backends.apply(&self.started_with).await;
        if errors.is_empty() {
            errors = live.tasks.apply(&self.started_with).await;
        }
        if !errors.is_empty() {
            let errors = errors.into_iter().map(|it| it.error);
            return Err(ServerStartError::new(errors.collect()));
        }
        live.is_started.store(true, Ordering::Relaxed);
        tracing::info!(
            tasks = self.started_with.config.tasks.len(),
            backends = live.backends.running().len(),
            "ready"
        );
        Ok(())
    }

    /// Reads the configuration file again, and applies the changes. Parts that cannot be
    /// applied stay unchanged. The future may be dropped at any time; then only a part of
    /// the changes is applied.
    ///
    /// # Errors
    ///
    /// The parts that could not be applied. All others are applied.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        reload::reload(&self.started_with, &self.live).await
    }

    /// Applies a configuration that the caller has read.
    ///
    /// # Errors
    ///
    /// The parts that could not be applied. All others are applied.
    pub async fn apply(&self, configuration: &Configuration) -> Result<(), ReloadError> {
        reload::apply(&self.started_with, configuration, &self.live).await
    }

    /// Cancels running tasks, drains the backends, and returns the ledgers of `guests`,
    /// `runner` and each backend name. Pages stay available until the end. Each step has
    /// a time limit of the configuration.
    pub async fn stop(self) -> Vec<(String, LedgerSnapshot)> {
        let live = &self.live;
        live.draining.store(true, Ordering::Relaxed);
        live.tasks.stop().await;
        live.backends.stop().await;
        let ledgers = live.ledgers();
        ledgers.iter().for_each(settled);
        if let Some(http) = self.http {
            http.stop().await;
        }
        ledgers
    }
}

/// Logs a ledger. Sampled records are not a loss.
fn settled((source, ledger): &(String, LedgerSnapshot)) {
    let lost = ledger.dropped_total() - ledger.dropped(DropReason::Sampled);
    macro_rules! entry {
        ($level:ident) => {
            tracing::$level!(
                source,
                accepted = ledger.accepted(),
                delivered = ledger.delivered(),
                dropped = ledger.dropped_total(),
                in_flight = ledger.in_flight(),
                "records"
            )
        };
    }
    if lost == 0 {
        entry!(info);
    } else {
        entry!(warn);
    }
}

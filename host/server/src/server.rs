//! The server: builder, start, reload and stop.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use solti_metrics::MetricsHandle;
use solti_metrics_host::artifact::CompilerProcess;
use solti_metrics_host::{DropReason, LedgerSnapshot};

use crate::check::{Checked, check};
use crate::config::Configuration;
use crate::error::Error;
use crate::http::HttpServer;
use crate::live::Live;
use crate::notices::{Notices, TracedNotices};
use crate::reload;
use crate::reload_error::ReloadError;
use crate::start::{Parts, listen, prepare};
use crate::start_error::StartError;

/// Tasks that run as a [`Configuration`] says, and what can be looked at of them.
///
/// A server lives in its owner's tokio runtime, which needs several threads, timers and
/// I/O. It takes no signals, sets nothing process-wide, and prints nothing but what tasks
/// with `output = "inherit"` do; what it has to say are events of `tracing`.
///
/// ```text
/// build ─▶ listens, is not ready ─▶ start ─▶ runs ─▶ reload … ─▶ stop
/// ```
///
/// Whoever drops it instead of stopping it loses what its backends have not sent.
pub struct Server {
    began_with: Configuration,
    live: Arc<Live>,
    http: Option<HttpServer>,
}

/// What a [`Server`] is made of.
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

    /// Compiles components in this process, with the limits of `[artifacts]`. Without one,
    /// components are compiled in the server's own process, where those limits do not
    /// hold: do that with components that you trust.
    #[must_use]
    pub fn compiler(mut self, process: CompilerProcess) -> Self {
        self.0.compiler = Some(process);
        self
    }

    /// Adds a backend of the program that this server is a part of: it receives all
    /// records behind the middlewares, for as long as the server runs.
    #[must_use]
    pub fn backend(mut self, backend: MetricsHandle) -> Self {
        self.0.native.push(backend);
        self
    }

    /// Where warnings and the output of components go. Without it they are events of
    /// `tracing`.
    #[must_use]
    pub fn notices(mut self, notices: Arc<dyn Notices>) -> Self {
        self.0.notices = notices;
        self
    }

    /// Counts entries of the log that were lost, for `solti_metrics_log_entries_lost_total`.
    /// Without it that is 0.
    #[must_use]
    pub fn lost_log_entries(mut self, lost: Arc<AtomicU64>) -> Self {
        self.0.lost_entries = lost;
        self
    }

    /// Looks at all that the configuration names, components and other files included, and
    /// runs nothing. This blocks, for as long as compiling takes.
    ///
    /// # Errors
    ///
    /// When nothing can be looked at, whatever the configuration says.
    pub fn check(self) -> Result<Checked, Error> {
        let parts = self.0;
        check(&parts.configuration, parts.compiler, &*parts.notices)
    }

    /// Puts the server together, and listens if `[server]` wants that. No task runs and no
    /// backend receives records until it is started.
    ///
    /// # Errors
    ///
    /// When the address cannot be listened on, a key or token cannot be read, or memory for
    /// tasks cannot be had.
    pub async fn build(self) -> Result<Server, Error> {
        let began_with = self.0.configuration.clone();
        let live = prepare(self.0).await?;
        let http = listen(&began_with, &live).await?;
        Ok(Server {
            began_with,
            live,
            http,
        })
    }
}

impl Server {
    /// A server of this configuration.
    pub fn builder(configuration: Configuration) -> ServerBuilder {
        ServerBuilder::new(configuration)
    }

    /// Where it listens, if it does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(|http| http.address)
    }

    /// Where records of the program itself can be sent: through the middlewares, to all
    /// backends. They are in no ledger of the server but those of the backends.
    pub fn metrics(&self) -> MetricsHandle {
        self.live.receivers.handle()
    }

    /// Whether it was started.
    pub fn is_started(&self) -> bool {
        self.live.begun.load(Ordering::Relaxed)
    }

    /// Loads and starts all backends and tasks.
    ///
    /// # Errors
    ///
    /// When some of them cannot be: all reasons are told. The server is to be stopped then.
    pub async fn start(&self) -> Result<(), StartError> {
        let live = &self.live;
        let mut errors = live.receivers.apply(&self.began_with).await;
        if errors.is_empty() {
            errors = live.tasks.apply(&self.began_with).await;
        }
        if !errors.is_empty() {
            let errors = errors.into_iter().map(|it| it.error);
            return Err(StartError::new(errors.collect()));
        }
        live.begun.store(true, Ordering::Relaxed);
        tracing::info!(
            tasks = self.began_with.config.tasks.len(),
            backends = live.receivers.members().len(),
            "ready"
        );
        Ok(())
    }

    /// Reads the file of the configuration again, and changes what has changed. What
    /// cannot be used leaves what there was as it was. May be given up at any moment:
    /// then only a part is changed.
    ///
    /// # Errors
    ///
    /// What could not be applied. All else is.
    pub async fn reload(&self) -> Result<(), ReloadError> {
        reload::reload(&self.began_with, &self.live).await
    }

    /// The same, with a configuration that the caller has read.
    ///
    /// # Errors
    ///
    /// What could not be applied. All else is.
    pub async fn apply(&self, configuration: &Configuration) -> Result<(), ReloadError> {
        reload::apply(&self.began_with, configuration, &self.live).await
    }

    /// Ends what runs, as canceled, lets backends take what waits, and returns what became
    /// of all records: of `guests`, of `runner`, and for each name of a backend. Pages can
    /// be read until the end. Each part of it has a time limit in the configuration.
    pub async fn stop(self) -> Vec<(String, LedgerSnapshot)> {
        let live = &self.live;
        live.draining.store(true, Ordering::Relaxed);
        live.tasks.stop().await;
        live.receivers.stop().await;
        let ledgers = live.ledgers();
        ledgers.iter().for_each(settled);
        if let Some(http) = self.http {
            http.stop().await;
        }
        ledgers
    }
}

/// What became of the records that somebody was given. What is left out on purpose is
/// no loss.
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

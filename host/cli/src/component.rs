use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use parking_lot::Mutex;
use solti_metrics::MetricsHandle;
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, LoadError, Output, Provider, Providers,
};
use solti_metrics_host::runner::printable;
use tokio::time::timeout;

use crate::artifacts::tell;
use crate::chain::Part;
use crate::limits::LimitArgs;
use crate::lines::Lines;
use crate::time::Written;
use crate::voice::quote;

/// A component that receives records, as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) part: Part,
    pub(crate) options: Options,
}

/// What it may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// How many records may wait for it.
    pub(crate) queue: usize,
    /// How long a call may take.
    pub(crate) deadline: Duration,
    /// Bytes of memory.
    pub(crate) memory: usize,
    /// What else.
    pub(crate) limits: LimitArgs,
}

/// A component that receives records, and the file that it came from.
pub(crate) struct Component {
    pub(crate) name: Arc<str>,
    pub(crate) backend: Arc<ComponentBackend>,
    pub(crate) middleware: bool,
    part: Mutex<Part>,
    providers: Providers,
    drain_timeout: Duration,
}

/// How long a reload waits at least, and at most, until one that is busy is replaced.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

impl Component {
    /// Loads it and starts it. `next` is who comes after a middleware; `drain_timeout` is
    /// how long it may go on with what it was sent when it is replaced.
    pub(crate) fn start(
        providers: &Providers,
        wanted: &Wanted,
        next: Option<MetricsHandle>,
        drain_timeout: Duration,
    ) -> anyhow::Result<Self> {
        let part = &wanted.part;
        let provider = load(providers, part)?;
        has_role(&provider, next.is_some())?;
        let name: Arc<str> = wanted.name.as_str().into();
        let mut options = BackendOptions::default();
        options.name = Some(Arc::clone(&name));
        options.queue = wanted.options.queue;
        options.deadline = wanted.options.deadline;
        options.drain_timeout = drain_timeout;
        options.limits.memory = wanted.options.memory;
        wanted.options.limits.put(&mut options.limits);
        options.next = next.clone();
        if part.output {
            [options.stdout, options.stderr] = printing(&name);
        }
        let backend = ComponentBackend::start(&provider, options)?;
        Ok(Self {
            name,
            backend: Arc::new(backend),
            middleware: next.is_some(),
            part: Mutex::new(part.clone()),
            providers: providers.clone(),
            drain_timeout,
        })
    }

    pub(crate) fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.backend) as MetricsHandle
    }

    pub(crate) fn status(&self) -> BackendStatus {
        self.backend.status()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.part.lock().file.clone()
    }

    /// Puts what the file is now into the place of what runs.
    pub(crate) async fn reload(&self) -> anyhow::Result<()> {
        let part = self.part.lock().clone();
        if !self.replace(part).await? {
            anyhow::bail!(
                "{}: has not been replaced within {}, since it is busy",
                self.name,
                Written(self.patience())
            );
        }
        Ok(())
    }

    /// Once it is being replaced, it takes no longer than `drain_timeout` and two calls.
    fn patience(&self) -> Duration {
        self.drain_timeout
            .saturating_mul(2)
            .clamp(PATIENCE, LONGEST_PATIENCE)
    }

    /// Puts this into the place of what runs. Whether that has let go of its records in
    /// time, and so was replaced.
    pub(crate) async fn replace(&self, part: Part) -> anyhow::Result<bool> {
        let (providers, wanted) = (self.providers.clone(), part.clone());
        let provider = tokio::task::spawn_blocking(move || load(&providers, &wanted))
            .await
            .context("loading was given up")??;
        has_role(&provider, self.middleware)?;
        let patience = self.patience();
        match timeout(patience, self.backend.replace(&provider)).await {
            Ok(replaced) => replaced?,
            Err(_) => return Ok(false),
        }
        *self.part.lock() = part;
        Ok(true)
    }
}

/// Whether it forwards records, as a middleware does and a backend does not.
pub(crate) fn has_role(provider: &Provider, middleware: bool) -> anyhow::Result<()> {
    match (provider.is_middleware(), middleware) {
        (true, false) => anyhow::bail!(
            "{}: is a middleware; name it as one, and a backend behind it",
            provider.name()
        ),
        (false, true) => anyhow::bail!(
            "{}: is no middleware: it forwards nothing; name it as a backend",
            provider.name()
        ),
        _ => Ok(()),
    }
}

/// What a component prints is told line by line: standard output is the guests', or the
/// report's, and standard error has messages and a log.
pub(crate) fn printing(name: &str) -> [Output; 2] {
    ["stdout", "stderr"].map(|stream| {
        let name = printable(name);
        Lines::new(move |line| quote(&name, stream, line)).output()
    })
}

/// Compiles the file as it is now. This blocks.
pub(crate) fn load(providers: &Providers, part: &Part) -> Result<Provider, LoadError> {
    let provider = providers.load_file(&part.file, &part.grants)?;
    tell(provider.name(), provider.refusal());
    Ok(provider)
}

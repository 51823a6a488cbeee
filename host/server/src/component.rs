//! A backend or middleware that is a component loaded from a file, and its replacement.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use solti_metrics::MetricsHandle;
use solti_metrics_host::component::LoadError;
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, Provider, Providers,
};
use tokio::time::timeout;

use crate::error::Error;
use crate::limits::ComponentLimits;
use crate::notices::Notices;
use crate::part::Part;

/// A component that receives records, as it was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The name of its ledger, of its metrics and in messages.
    pub name: String,
    /// The file, and what it is granted.
    pub part: Part,
    /// Its limits.
    pub options: Options,
}

/// What it may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many records may wait for it.
    pub queue: usize,
    /// How long a call may take.
    pub deadline: Duration,
    /// Bytes of memory.
    pub memory: usize,
    /// What else.
    pub limits: ComponentLimits,
}

/// A component that receives records, and the file that it came from.
pub struct Component {
    /// The name of its ledger, of its metrics and in messages.
    pub name: Arc<str>,
    /// The backend that it is.
    pub backend: Arc<ComponentBackend>,
    /// Whether it hands records on.
    pub middleware: bool,
    part: Mutex<Part>,
    providers: Providers,
    drain_timeout: Duration,
    notices: Arc<dyn Notices>,
}

/// How long a reload waits at least, and at most, until one that is busy is replaced.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

impl Component {
    /// Loads it and starts it. `next` is who comes after a middleware; `drain_timeout` is
    /// how long it may go on with what it was sent when it is replaced. This blocks.
    ///
    /// # Errors
    ///
    /// When the file is not a component of that role, or cannot be started.
    pub fn start(
        providers: &Providers,
        wanted: &Wanted,
        next: Option<MetricsHandle>,
        drain_timeout: Duration,
        notices: &Arc<dyn Notices>,
    ) -> Result<Self, Error> {
        let part = &wanted.part;
        let provider = load(providers, part, &**notices)?;
        has_role(&provider, next.is_some())?;
        let name: Arc<str> = wanted.name.as_str().into();
        let mut options = BackendOptions::new()
            .name(Arc::clone(&name))
            .queue_capacity(wanted.options.queue)
            .deadline(wanted.options.deadline)
            .drain_timeout(drain_timeout);
        options.limits.memory = wanted.options.memory;
        wanted.options.limits.put(&mut options.limits);
        options.next = next.clone();
        if part.output {
            [options.stdout, options.stderr] = notices.outputs(&name);
        }
        let backend = ComponentBackend::start(&provider, options)?;
        Ok(Self {
            name,
            backend: Arc::new(backend),
            middleware: next.is_some(),
            part: Mutex::new(part.clone()),
            providers: providers.clone(),
            drain_timeout,
            notices: Arc::clone(notices),
        })
    }

    /// Where records for it go.
    pub fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.backend) as MetricsHandle
    }

    /// How it is, at one moment.
    pub fn status(&self) -> BackendStatus {
        self.backend.status()
    }

    /// The file that it was loaded from last.
    pub fn file(&self) -> PathBuf {
        self.part.lock().file.clone()
    }

    /// Puts what the file is now into the place of what runs.
    ///
    /// # Errors
    ///
    /// When the file is not a component of this role, cannot be started, or what runs has
    /// not let go of its records within 1 s to 30 s, depending on `drain_timeout`. What
    /// runs goes on then.
    pub async fn reload(&self) -> Result<(), Error> {
        let part = self.part.lock().clone();
        if !self.replace(part).await? {
            return Err(Error::Busy {
                name: self.name.to_string(),
                within: self.patience(),
            });
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
    ///
    /// # Errors
    ///
    /// When the file is not a component of this role, or cannot be started. What runs goes
    /// on then.
    pub async fn replace(&self, part: Part) -> Result<bool, Error> {
        let (providers, wanted) = (self.providers.clone(), part.clone());
        let notices = Arc::clone(&self.notices);
        let provider = tokio::task::spawn_blocking(move || load(&providers, &wanted, &*notices))
            .await
            .map_err(Error::given_up("loading"))??;
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
pub(crate) fn has_role(provider: &Provider, middleware: bool) -> Result<(), Error> {
    let name = || provider.name().to_owned();
    match (provider.is_middleware(), middleware) {
        (true, false) => Err(Error::IsMiddleware { name: name() }),
        (false, true) => Err(Error::NotAMiddleware { name: name() }),
        _ => Ok(()),
    }
}

/// Compiles the file as it is now. This blocks.
pub(crate) fn load(
    providers: &Providers,
    part: &Part,
    notices: &dyn Notices,
) -> Result<Provider, LoadError> {
    let provider = providers.load_file(&part.file, &part.grants)?;
    if let Some(refusal) = provider.refusal() {
        notices.refused(provider.name(), refusal);
    }
    Ok(provider)
}

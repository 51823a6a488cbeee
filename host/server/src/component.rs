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
use crate::granted_component::GrantedComponent;
use crate::limits::ComponentLimits;
use crate::notices::Notices;

/// Settings of a component backend or middleware.
#[derive(Debug, Clone, PartialEq)]
pub struct ComponentSpec {
    /// Name of the component in ledgers, metrics and messages.
    pub name: String,
    /// File of the component, with its grants.
    pub source: GrantedComponent,
    /// Limits of the component.
    pub options: ComponentOptions,
}

/// Limits of a component backend or middleware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComponentOptions {
    /// Maximum number of records in the queue.
    pub queue_capacity: usize,
    /// Maximum duration of a call.
    pub timeout: Duration,
    /// Maximum memory, in bytes.
    pub max_memory: usize,
    /// Limits other than memory and time.
    pub limits: ComponentLimits,
}

/// A running component backend or middleware, and the file that it was loaded from.
pub struct Component {
    /// Name of the component in ledgers, metrics and messages.
    pub name: Arc<str>,
    /// The running backend.
    pub backend: Arc<ComponentBackend>,
    /// Whether the component is a middleware, which forwards records.
    pub middleware: bool,
    source: Mutex<GrantedComponent>,
    providers: Providers,
    drain_timeout: Duration,
    notices: Arc<dyn Notices>,
}

/// Minimum and maximum time that a reload waits for the replacement of a busy component.
const PATIENCE: Duration = Duration::from_secs(1);
const LONGEST_PATIENCE: Duration = Duration::from_secs(30);

impl Component {
    /// Loads and starts the component. A middleware forwards records to `next`. A
    /// component that is replaced has `drain_timeout` for the records in its queue. This
    /// blocks.
    ///
    /// # Errors
    ///
    /// When the file is not a component of that role, or cannot be started.
    pub fn start(
        providers: &Providers,
        wanted: &ComponentSpec,
        next: Option<MetricsHandle>,
        drain_timeout: Duration,
        notices: &Arc<dyn Notices>,
    ) -> Result<Self, Error> {
        let source = &wanted.source;
        let provider = load(providers, source, &**notices)?;
        has_role(&provider, next.is_some())?;
        let name: Arc<str> = wanted.name.as_str().into();
        let mut options = BackendOptions::new()
            .name(Arc::clone(&name))
            .queue_capacity(wanted.options.queue_capacity)
            .deadline(wanted.options.timeout)
            .drain_timeout(drain_timeout);
        options.limits.memory = wanted.options.max_memory;
        wanted.options.limits.put(&mut options.limits);
        options.next = next.clone();
        if source.output {
            [options.stdout, options.stderr] = notices.outputs(&name);
        }
        let backend = ComponentBackend::start(&provider, options)?;
        Ok(Self {
            name,
            backend: Arc::new(backend),
            middleware: next.is_some(),
            source: Mutex::new(source.clone()),
            providers: providers.clone(),
            drain_timeout,
            notices: Arc::clone(notices),
        })
    }

    /// Handle that passes records to the component.
    pub fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.backend) as MetricsHandle
    }

    /// Current status of the component.
    pub fn status(&self) -> BackendStatus {
        self.backend.status()
    }

    /// File that the component was loaded from last.
    pub fn file(&self) -> PathBuf {
        self.source.lock().file.clone()
    }

    /// Replaces the running component by the current content of its file.
    ///
    /// # Errors
    ///
    /// When the file is not a component of this role or cannot be started, or the running
    /// component does not return its records in time: 1 s to 30 s, depending on
    /// `drain_timeout`. The running component continues then.
    pub async fn reload(&self) -> Result<(), Error> {
        let source = self.source.lock().clone();
        if !self.replace(source).await? {
            return Err(Error::Busy {
                name: self.name.to_string(),
                within: self.patience(),
            });
        }
        Ok(())
    }

    /// A replacement that has started takes at most `drain_timeout` and two calls.
    fn patience(&self) -> Duration {
        self.drain_timeout
            .saturating_mul(2)
            .clamp(PATIENCE, LONGEST_PATIENCE)
    }

    /// Replaces the running component by `source`. Returns whether the running component
    /// returned its records in time and was replaced.
    ///
    /// # Errors
    ///
    /// When the file is not a component of this role, or cannot be started. The running
    /// component continues then.
    pub async fn replace(&self, source: GrantedComponent) -> Result<bool, Error> {
        let (providers, wanted) = (self.providers.clone(), source.clone());
        let notices = Arc::clone(&self.notices);
        let provider = tokio::task::spawn_blocking(move || load(&providers, &wanted, &*notices))
            .await
            .map_err(Error::aborted("loading"))??;
        has_role(&provider, self.middleware)?;
        let patience = self.patience();
        match timeout(patience, self.backend.replace(&provider)).await {
            Ok(replaced) => replaced?,
            Err(_) => return Ok(false),
        }
        *self.source.lock() = source;
        Ok(true)
    }
}

/// Checks the role of a component: a middleware forwards records, a backend does not.
pub(crate) fn has_role(provider: &Provider, middleware: bool) -> Result<(), Error> {
    let name = || provider.name().to_owned();
    match (provider.is_middleware(), middleware) {
        (true, false) => Err(Error::IsMiddleware { name: name() }),
        (false, true) => Err(Error::NotAMiddleware { name: name() }),
        _ => Ok(()),
    }
}

/// Loads the current content of the file. This blocks.
pub(crate) fn load(
    providers: &Providers,
    source: &GrantedComponent,
    notices: &dyn Notices,
) -> Result<Provider, LoadError> {
    let provider = providers.load_file(&source.file, &source.grants)?;
    if let Some(refusal) = provider.refusal() {
        notices.refused(provider.name(), refusal);
    }
    Ok(provider)
}

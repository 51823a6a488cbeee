use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use parking_lot::Mutex;
use solti_metrics::MetricsHandle;
use solti_metrics_host::component::{LoadError, NetworkGrant};
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, Provider, Providers,
};
use tokio::time::timeout;

use crate::limits::ComponentLimits;
use crate::notices::{Notices, printing, tell_refusal};
use crate::part::Part;
use crate::time::Written;

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
    ) -> anyhow::Result<Self> {
        let part = &wanted.part;
        let provider = load(providers, part, &**notices)?;
        has_role(&provider, next.is_some())?;
        let name: Arc<str> = wanted.name.as_str().into();
        let mut options = BackendOptions::new()
            .name(Arc::clone(&name))
            .queue(wanted.options.queue)
            .deadline(wanted.options.deadline)
            .drain_timeout(drain_timeout);
        options.limits.memory = wanted.options.memory;
        wanted.options.limits.put(&mut options.limits);
        options.next = next.clone();
        if part.output {
            [options.stdout, options.stderr] = printing(notices, &name);
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
    pub async fn reload(&self) -> anyhow::Result<()> {
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
    pub async fn replace(&self, part: Part) -> anyhow::Result<bool> {
        let (providers, wanted) = (self.providers.clone(), part.clone());
        let notices = Arc::clone(&self.notices);
        let provider = tokio::task::spawn_blocking(move || load(&providers, &wanted, &*notices))
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

/// Compiles the file as it is now. This blocks.
pub(crate) fn load(
    providers: &Providers,
    part: &Part,
    notices: &dyn Notices,
) -> anyhow::Result<Provider> {
    let provider = providers
        .load_file(&part.file, &part.grants)
        .map_err(with_notation)?;
    tell_refusal(notices, provider.name(), provider.refusal());
    Ok(provider)
}

/// An error that asks for a grant, with the notation of that grant.
fn with_notation(error: LoadError) -> anyhow::Error {
    match error {
        LoadError::NotGranted { grant, .. } => {
            let text = format!("{error}: {}", notation(grant));
            anyhow::Error::from(error).context(text)
        }
        error => error.into(),
    }
}

/// How a [`Grant`](crate::Grant) of this is written.
const fn notation(grant: NetworkGrant) -> &'static str {
    match grant {
        NetworkGrant::Socket => "`tcp=ADDRESS`, `udp=ADDRESS` or `network=none`",
        NetworkGrant::Http => "`http=HOST:PORT` or `network=none`",
        _ => "`network=none`",
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics_host::text::causes;

    use super::*;

    #[test]
    fn a_grant_that_is_missing_is_named_in_the_notation_of_grants() {
        let error = with_notation(LoadError::NotGranted {
            name: "statsd.wasm".into(),
            import: "wasi:sockets/udp@0.2.3".into(),
            grant: NetworkGrant::Socket,
        });
        let told = causes(&*error);
        assert!(
            told.ends_with(": `tcp=ADDRESS`, `udp=ADDRESS` or `network=none`"),
            "{told}"
        );
        assert_eq!(told.matches("was not granted").count(), 1, "{told}");
    }
}

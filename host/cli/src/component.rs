use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use solti_metrics::MetricsHandle;
use solti_metrics_host::provider::{
    BackendOptions, BackendStatus, ComponentBackend, LoadError, Output, Provider, Providers,
};

use crate::args::RunArgs;
use crate::artifacts::tell;
use crate::chain::Part;

/// A component that receives records, and the file that it came from.
pub(crate) struct Component {
    pub(crate) name: Arc<str>,
    pub(crate) backend: Arc<ComponentBackend>,
    pub(crate) middleware: bool,
    part: Part,
    providers: Providers,
}

impl Component {
    /// Loads it and starts it. `next` is who comes after a middleware.
    pub(crate) fn start(
        providers: &Providers,
        name: &str,
        part: &Part,
        args: &RunArgs,
        next: Option<MetricsHandle>,
    ) -> anyhow::Result<Self> {
        let provider = providers.load_file(&part.file, &part.grants)?;
        tell(provider.name(), provider.refusal());
        if next.is_some() && !provider.is_middleware() {
            anyhow::bail!(
                "{}: is no middleware: it forwards nothing; name it with --backend",
                provider.name()
            );
        }
        if next.is_none() && provider.is_middleware() {
            anyhow::bail!(
                "{}: is a middleware; name it with --middleware, and a backend behind it",
                provider.name()
            );
        }
        let mut options = BackendOptions::default();
        options.name = Some(name.into());
        options.queue = args.queue.get();
        options.deadline = args.backend_timeout.0;
        options.memory = usize::try_from(args.backend_memory.as_u64()).unwrap_or(usize::MAX);
        options.next = next.clone();
        if part.output {
            // Standard output is the guests', or the report's.
            (options.stdout, options.stderr) = (Output::Stderr, Output::Stderr);
        }
        let backend = ComponentBackend::start(&provider, options)?;
        Ok(Self {
            name: name.into(),
            backend: Arc::new(backend),
            middleware: next.is_some(),
            part: part.clone(),
            providers: providers.clone(),
        })
    }

    pub(crate) fn handle(&self) -> MetricsHandle {
        Arc::clone(&self.backend) as MetricsHandle
    }

    pub(crate) fn status(&self) -> BackendStatus {
        self.backend.status()
    }

    pub(crate) fn file(&self) -> &PathBuf {
        &self.part.file
    }

    /// Compiles the file as it is now. This blocks.
    pub(crate) fn load(&self) -> Result<Provider, LoadError> {
        let provider = self
            .providers
            .load_file(&self.part.file, &self.part.grants)?;
        tell(provider.name(), provider.refusal());
        Ok(provider)
    }

    /// Puts what the file is now into the place of what runs.
    pub(crate) async fn reload(self: &Arc<Self>) -> anyhow::Result<()> {
        let this = Arc::clone(self);
        let provider = tokio::task::spawn_blocking(move || this.load())
            .await
            .context("loading was given up")??;
        Ok(self.backend.replace(&provider).await?)
    }
}

//! The test of a component in each of its roles.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics_host::artifact::Artifacts;
use solti_metrics_host::component::Role;
use solti_metrics_host::limits::Limits;
use solti_metrics_host::provider::Grants;
use solti_metrics_host::runner::Stdin;
use solti_metrics_host::wasi::{Access, Output};

use crate::blocking::blocking;
use crate::component::{ComponentSource, TestedComponent};
use crate::error::Error;
use crate::options::TestOptions;
use crate::progress::Progress;
use crate::recorder::Recorder;
use crate::report::Report;
use crate::suite::Suite;
use crate::term::Term;
use crate::vector::MOST_RECORDS;
use crate::vectors::Vectors;
use crate::{backend, guest};

#[cfg(test)]
mod tests;

/// Tests a component in each of its roles: guest, provider, middleware.
///
/// The component gets the same queue and limits as in a runner, and only the capabilities
/// that are granted. Clones share the functions that are set.
#[derive(Clone)]
#[must_use = "a test does nothing until it is run"]
pub struct ComponentTest {
    source: ComponentSource,
    artifacts: Artifacts,
    vectors: Option<Vectors>,
    options: TestOptions,
}

impl ComponentTest {
    /// Maximum number of records in one step of a vector.
    pub const MOST_RECORDS: u64 = MOST_RECORDS;

    /// Tests the component in a file, which may be precompiled.
    pub fn from_file(file: impl Into<PathBuf>) -> Self {
        Self::new(ComponentSource::File(file.into()))
    }

    /// Tests a component in memory. `name` is its name in the report.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(ComponentSource::Bytes {
            name: name.into(),
            bytes: bytes.into(),
        })
    }

    fn new(source: ComponentSource) -> Self {
        Self {
            source,
            artifacts: Artifacts::new(),
            vectors: None,
            options: TestOptions::default(),
        }
    }

    /// Compilation of the component. Default: in this process, without a cache.
    pub fn artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    /// Maximum size of the component, in bytes. Default: 64 MiB.
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.options.max_component = bytes;
        self
    }

    /// Changes the default limits of each instance. The defaults are the limits of a
    /// [`Task`](solti_metrics_host::runner::Task) for guests, and of
    /// [`BackendOptions`](solti_metrics_host::provider::BackendOptions) for providers and
    /// middlewares. [`timeout`](Self::timeout) sets the deadline.
    pub fn limits(mut self, change: impl Fn(&mut Limits) + Send + Sync + 'static) -> Self {
        self.options.limits = Some(Arc::new(change));
        self
    }

    /// Maximum duration of each call of a provider or a middleware, or of a run of a guest.
    /// Default: 5 s for a call, one minute for a run.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options.timeout = Some(time);
        self
    }

    /// Maximum stack of a guest, in bytes. Default: 512 KiB.
    pub fn stack(mut self, bytes: usize) -> Self {
        self.options.stack = bytes;
        self
    }

    /// Destinations of standard output and standard error of each instance, in that order.
    /// Default: none. If a guest fails, the report contains the end of its standard error.
    pub fn output(mut self, to: impl Fn(Role) -> [Output; 2] + Send + Sync + 'static) -> Self {
        self.options.output = Some(Arc::new(to));
        self
    }

    /// Capabilities of a provider or a middleware. Default: none.
    pub fn grants(mut self, grants: Grants) -> Self {
        self.options.grants = grants;
        self
    }

    /// Vectors for a provider or a middleware. Default: [`Vectors::built_in`].
    pub fn vectors(mut self, vectors: Vectors) -> Self {
        self.vectors = Some(vectors);
        self
    }

    /// Number of records of the vectors with many records, from 1 to
    /// [`MOST_RECORDS`](Self::MOST_RECORDS). It overrides the number of each vector and the
    /// [budget](Self::budget). Default: the number of the vector, within the budget.
    /// Built-in vectors have a million records.
    pub fn records(mut self, records: u64) -> Self {
        self.options.set_records(records);
        self
    }

    /// Time after which a vector gets fewer records than it defines, which is reported.
    /// Default: 5 s.
    pub fn budget(mut self, time: Duration) -> Self {
        self.options.budget = time;
        self
    }

    /// Maximum growth of memory, in bytes for each record or each scrape. Default: the
    /// value of each vector, 1 for a record and 1,024 for a scrape.
    pub fn max_growth(mut self, bytes: u32) -> Self {
        self.options.max_growth = Some(bytes);
        self
    }

    /// Maximum average time of a record, over the vector with the most records. Default: no
    /// check; the time is only measured.
    pub fn max_time_per_record(mut self, time: Duration) -> Self {
        self.options.max_time_per_record = Some(time);
        self
    }

    /// Adds an argument for the guest.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.options.task = self.options.task.arg(arg);
        self
    }

    /// Adds an environment variable for the guest.
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.task = self.options.task.env(key, value);
        self
    }

    /// Grants the guest a directory of the host, with the path `guest`.
    pub fn dir(
        mut self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        access: Access,
    ) -> Self {
        self.options.task = self.options.task.dir(host, guest, access);
        self
    }

    /// Standard input of the guest. Default: empty.
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.options.task.stdin = stdin;
        self
    }

    /// Accepts completed tasks without a start, and started tasks without a completion.
    pub fn allow_unpaired(mut self) -> Self {
        self.options.allow_unpaired = true;
        self
    }

    /// Terms that name the settings for the reader of the report. Default:
    /// [`Term::in_rust`].
    pub fn terms(mut self, terms: fn(Term) -> &'static str) -> Self {
        self.options.terms = terms;
        self
    }

    /// Calls a function after each step of the test. An error of the function ends the
    /// test.
    pub fn progress(
        mut self,
        listener: impl Fn(Progress<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.options.listener = Some(Arc::new(listener));
        self
    }

    /// Runs the test on a separate thread, and blocks until the test ends. The caller may
    /// or may not be on a tokio runtime.
    ///
    /// # Errors
    ///
    /// If there is no verdict. A component that does not conform is reported in the
    /// [`Report`].
    pub fn run(&self) -> Result<Report, Error> {
        blocking(|| self.run_async())
    }

    /// Runs the test on the tokio runtime of the caller, which needs a timer and an I/O
    /// driver. Compilation blocks the thread.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    pub async fn run_async(&self) -> Result<Report, Error> {
        let component = TestedComponent::read(&self.source, &self.artifacts, &self.options)?;
        let roles = component.roles()?;
        let metrics_version = component.metrics_version();
        let mut report = Report {
            component: component.name.clone(),
            metrics_version,
            suites: Vec::new(),
            warnings: Vec::new(),
        };
        let vectors = Vectors::or_built_in(self.vectors.as_ref())?;
        for role in roles {
            let suite = Suite::of(role, &component.inspection);
            let mut recorder = Recorder::new(suite, self.options.listener.as_ref());
            recorder.start_suite(&report.component, report.metrics_version.as_deref())?;
            match role {
                Role::Guest => guest::test(&mut recorder, &component).await?,
                _ => backend::test_component(&mut recorder, &component, &vectors).await?,
            }
            report.suites.push(recorder.suite);
            report.warnings.append(&mut recorder.warnings);
        }
        Ok(report)
    }
}

impl fmt::Debug for ComponentTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComponentTest")
            .field("component", &self.source.name())
            .finish_non_exhaustive()
    }
}

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
use crate::component::{Component, Source};
use crate::error::Error;
use crate::options::Options;
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

/// Tests a component in each role that it has: guest, provider, middleware.
///
/// The component gets what a runner would give it: the same queue, the same limits, and
/// nothing but what is granted. Clones share the functions that they were given.
#[derive(Clone)]
#[must_use = "a test does nothing until it is run"]
pub struct ComponentTest {
    source: Source,
    artifacts: Artifacts,
    vectors: Option<Vectors>,
    options: Options,
}

impl ComponentTest {
    /// The most records that one step of a vector makes.
    pub const MOST_RECORDS: u64 = MOST_RECORDS;

    /// Tests the component in this file, which may be a precompiled one.
    pub fn from_file(file: impl Into<PathBuf>) -> Self {
        Self::new(Source::File(file.into()))
    }

    /// Tests a component in memory. `name` is its name in the report.
    pub fn from_bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Source::Bytes {
            name: name.into(),
            bytes: bytes.into(),
        })
    }

    fn new(source: Source) -> Self {
        Self {
            source,
            artifacts: Artifacts::new(),
            vectors: None,
            options: Options::default(),
        }
    }

    /// How the component becomes machine code. Default: compiled in this process, and
    /// cached nowhere.
    pub fn artifacts(mut self, artifacts: Artifacts) -> Self {
        self.artifacts = artifacts;
        self
    }

    /// Maximum size of the component, in bytes. Default: 64 MiB.
    pub fn max_component(mut self, bytes: u64) -> Self {
        self.options.max_component = bytes;
        self
    }

    /// Changes the limits of each instance. A guest has those of a
    /// [`Task`](solti_metrics_host::runner::Task) and a provider or a middleware those of
    /// [`BackendOptions`](solti_metrics_host::provider::BackendOptions), but the deadline is
    /// [`timeout`](Self::timeout)'s.
    pub fn limits(mut self, change: impl Fn(&mut Limits) + Send + Sync + 'static) -> Self {
        self.options.limits = Some(Arc::new(change));
        self
    }

    /// Maximum time for each call of a provider or a middleware, and for a whole run of a
    /// guest. Default: 5 s for a call, one minute for a run.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.options.timeout = Some(time);
        self
    }

    /// Maximum stack of a guest, in bytes. Default: 512 KiB.
    pub fn stack(mut self, bytes: usize) -> Self {
        self.options.stack = bytes;
        self
    }

    /// Where standard output and standard error of each instance go, in that order.
    /// Default: nowhere, and the end of a guest's standard error into the report, if the
    /// guest fails.
    pub fn output(mut self, to: impl Fn(Role) -> [Output; 2] + Send + Sync + 'static) -> Self {
        self.options.output = Some(Arc::new(to));
        self
    }

    /// What a provider or a middleware may use beyond its own memory. Default: nothing.
    pub fn grants(mut self, grants: Grants) -> Self {
        self.options.grants = grants;
        self
    }

    /// Vectors for a provider or a middleware. Default: [`Vectors::built_in`].
    pub fn vectors(mut self, vectors: Vectors) -> Self {
        self.vectors = Some(vectors);
        self
    }

    /// How many records are many, from 1 to [`MOST_RECORDS`](Self::MOST_RECORDS), whatever
    /// a vector says and however long it takes. Default: what the vector says, a million
    /// in those that are built in, and what there is [time](Self::budget) for.
    pub fn records(mut self, records: u64) -> Self {
        self.options.set_records(records);
        self
    }

    /// How long a vector may take before it is given fewer records than it says, which the
    /// report tells. Default: 5 s.
    pub fn budget(mut self, time: Duration) -> Self {
        self.options.budget = time;
        self
    }

    /// Maximum growth of memory with each record, or with each scrape, in bytes. Default:
    /// what the vectors say, 1 for a record and 1,024 for a scrape.
    pub fn max_growth(mut self, bytes: u32) -> Self {
        self.options.max_growth = Some(bytes);
        self
    }

    /// Maximum time for a record, on average over the vector with most records. Default:
    /// time is measured, and not judged.
    pub fn max_time_per_record(mut self, time: Duration) -> Self {
        self.options.max_time_per_record = Some(time);
        self
    }

    /// Adds an argument of a guest.
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.options.task = self.options.task.arg(arg);
        self
    }

    /// Adds an environment variable of a guest.
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.task = self.options.task.env(key, value);
        self
    }

    /// Grants a guest a directory of the host, under the name `guest`.
    pub fn dir(
        mut self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        access: Access,
    ) -> Self {
        self.options.task = self.options.task.dir(host, guest, access);
        self
    }

    /// What a guest reads from its standard input. Default: nothing.
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.options.task.stdin = stdin;
        self
    }

    /// Skips the check that completions of a guest have an earlier start, and starts a
    /// completion.
    pub fn allow_unpaired(mut self) -> Self {
        self.options.allow_unpaired = true;
        self
    }

    /// The words by which the reader of the report knows what can be changed. Default:
    /// [`Term::in_rust`].
    pub fn terms(mut self, terms: fn(Term) -> &'static str) -> Self {
        self.options.terms = terms;
        self
    }

    /// Hears each step as soon as it is done. An error ends the test.
    pub fn progress(
        mut self,
        listener: impl Fn(Progress<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.options.listener = Some(Arc::new(listener));
        self
    }

    /// Runs the test on a thread of its own, and blocks until it is done. The caller needs
    /// no runtime of tokio, and may have one.
    ///
    /// # Errors
    ///
    /// When nothing can be said of the component. If the component does not conform, that
    /// is in the report.
    pub fn run(&self) -> Result<Report, Error> {
        blocking(|| self.run_async())
    }

    /// Runs the test on the caller's runtime: one of tokio's, with its timer and its I/O
    /// driver. Compiling blocks the thread.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run).
    pub async fn run_async(&self) -> Result<Report, Error> {
        let component = Component::read(&self.source, &self.artifacts, &self.options)?;
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
            recorder.begin(&report.component, report.metrics_version.as_deref())?;
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

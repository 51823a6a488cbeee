//! The test of a backend in Rust.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use solti_metrics::{MetricsBackend, MetricsHandle};
use solti_metrics_host::WIT_VERSION;
use solti_metrics_host::text::printable;

use crate::backend::{self, NativeBackend, NativeFactory};
use crate::blocking::blocking;
use crate::error::Error;
use crate::options::TestOptions;
use crate::recorder::Recorder;
use crate::report::Report;
use crate::suite::Suite;
use crate::vectors::Vectors;

type Expose<B> = Arc<dyn Fn(&B) -> Result<String, String> + Send + Sync>;

/// Tests a [`MetricsBackend`] in Rust with the vectors for providers.
///
/// The backend is called on the thread of the test. A panic is a fault of the backend. A call
/// that does not return blocks the test without a limit. The memory of the backend is not
/// checked, because it is the memory of this process.
///
/// ```
/// use solti_metrics::{ExpositionFormat, PrometheusMetrics};
/// use solti_metrics_conformance::BackendTest;
///
/// # fn main() -> Result<(), solti_metrics_conformance::Error> {
/// BackendTest::new("prometheus", PrometheusMetrics::new)
///     .exposition(|metrics| metrics.encode(ExpositionFormat::OpenMetrics))
///     .records(1_000)
///     .run()?
///     .assert();
/// # Ok(())
/// # }
/// ```
#[must_use = "a test does nothing until it is run"]
pub struct BackendTest<B> {
    name: String,
    make: Arc<dyn Fn() -> B + Send + Sync>,
    expose: Option<Expose<B>>,
    vectors: Option<Vectors>,
    options: TestOptions,
}

impl<B: MetricsBackend> BackendTest<B> {
    /// Tests backends that `make` returns, one for each check. `name` is their name in the
    /// report.
    pub fn new(name: impl Into<String>, make: impl Fn() -> B + Send + Sync + 'static) -> Self {
        Self {
            name: printable(&name.into()),
            make: Arc::new(make),
            expose: None,
            vectors: None,
            options: TestOptions::default(),
        }
    }

    /// Exposition of a backend as OpenMetrics 1.0 text. Default: none, and the counts of
    /// the backend are not checked.
    pub fn exposition<E: fmt::Display>(
        mut self,
        expose: impl Fn(&B) -> Result<String, E> + Send + Sync + 'static,
    ) -> Self {
        self.expose = Some(Arc::new(move |backend| {
            expose(backend).map_err(|error| error.to_string())
        }));
        self
    }

    /// Vectors to test with. Default: [`Vectors::built_in`].
    pub fn vectors(mut self, vectors: Vectors) -> Self {
        self.vectors = Some(vectors);
        self
    }

    /// Number of records of the vectors with many records; see
    /// [`ComponentTest::records`](crate::ComponentTest::records).
    pub fn records(mut self, records: u64) -> Self {
        self.options.set_records(records);
        self
    }

    /// Time after which a vector gets fewer records than it defines. Default: 5 s.
    pub fn budget(mut self, time: Duration) -> Self {
        self.options.budget = time;
        self
    }

    /// Maximum average time of a record, over the vector with the most records. Default: no
    /// check; the time is only measured.
    pub fn max_time_per_record(mut self, time: Duration) -> Self {
        self.options.max_time_per_record = Some(time);
        self
    }

    /// Runs the test on a separate thread, and blocks until the test ends.
    ///
    /// # Errors
    ///
    /// If the thread cannot start. A backend that does not conform is reported in the
    /// [`Report`].
    pub fn run(&self) -> Result<Report, Error> {
        blocking(|| self.test())
    }

    async fn test(&self) -> Result<Report, Error> {
        let vectors = Vectors::or_built_in(self.vectors.as_ref())?;
        let factory = self.factory();
        let suite = Suite::new("backend", Vec::new());
        let mut recorder = Recorder::new(suite, None);
        backend::test_native(&mut recorder, factory, &self.options, &vectors).await?;
        Ok(Report {
            component: self.name.clone(),
            metrics_version: Some(WIT_VERSION.into()),
            suites: vec![recorder.suite],
            warnings: recorder.warnings,
        })
    }

    fn factory(&self) -> NativeFactory {
        let (make, expose) = (Arc::clone(&self.make), self.expose.clone());
        NativeFactory {
            name: self.name.clone(),
            exposes: expose.is_some(),
            make: Arc::new(move || {
                let backend = Arc::new(make());
                NativeBackend {
                    handle: Arc::clone(&backend) as MetricsHandle,
                    expose: expose.clone().map(|expose| {
                        let backend = Arc::clone(&backend);
                        Box::new(move || expose(&backend)) as _
                    }),
                }
            }),
        }
    }
}

impl<B> fmt::Debug for BackendTest<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendTest")
            .field("backend", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics::{MemoryMetrics, RunnerErrorKind, RunnerType, TaskOutcome};

    use super::*;

    /// Panics at the longest duration.
    struct Panicking;

    impl MetricsBackend for Panicking {
        fn record_task_started(&self, _: RunnerType) {}

        fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, duration_ms: u64) {
            assert!(duration_ms < u64::MAX, "too long");
        }

        fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
    }

    #[test]
    fn a_backend_without_an_exposition_conforms_without_a_comparison() -> Result<(), Error> {
        let report = BackendTest::new("memory", MemoryMetrics::new)
            .records(100)
            .run()?;
        assert!(report.conforms(), "{report}");
        let text = report.to_text();
        assert!(text.contains("– exposition"), "{text}");
        assert!(text.contains("– memory-of-records"), "{text}");
        Ok(())
    }

    #[test]
    fn a_backend_that_panics_fails_the_check_and_not_the_test() -> Result<(), Error> {
        let report = BackendTest::new("panicking", || Panicking)
            .records(100)
            .run()?;
        let checks = report.suites.iter().flat_map(|suite| &suite.checks);
        let failed: Vec<_> = checks
            .filter(|it| it.failed())
            .map(|it| &*it.name)
            .collect();
        assert_eq!(failed, ["extreme-durations"], "{report}");
        let text = report.to_text();
        assert!(
            text.contains("the backend panicked in `record_batch`"),
            "{text}"
        );
        assert!(text.contains("no record may cause a panic"), "{text}");
        Ok(())
    }

    #[test]
    fn a_backend_with_an_incomplete_exposition_fails_the_vectors_that_compare_it()
    -> Result<(), Error> {
        let nothing = |_: &MemoryMetrics| Ok::<_, String>("# EOF\n".to_owned());
        let report = BackendTest::new("silent", MemoryMetrics::new)
            .exposition(nothing)
            .records(100)
            .run()?;
        let text = report.to_text();
        assert!(text.contains("✓ nothing-recorded"), "{text}");
        assert!(text.contains("✗ every-label"), "{text}");
        assert!(text.contains("no such series"), "{text}");
        Ok(())
    }
}

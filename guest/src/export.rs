/// Makes this component a provider: a backend that receives the records of
/// others.
///
/// Takes an expression for a [`MetricsBackend`](crate::MetricsBackend). It is
/// evaluated once, at the first record; the backend lives as long as the
/// component's instance.
///
/// ```no_run
/// use solti_metrics_guest::MemoryMetrics;
///
/// solti_metrics_guest::export_provider!(MemoryMetrics::new());
/// ```
///
/// The crate is then built as a `cdylib`.
#[macro_export]
macro_rules! export_provider {
    ($backend:expr $(,)?) => {
        $crate::__export_backend!($backend);
    };
}

/// Makes this component a middleware: it receives records, and does with them
/// what it likes before they go on.
///
/// Takes a function from the next backend to this one: from
/// [`HostMetrics`](crate::HostMetrics) to a
/// [`MetricsBackend`](crate::MetricsBackend) around it.
///
/// ```no_run
/// use solti_metrics_guest::{HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
///
/// /// Says that whatever runs here is a container.
/// struct Contained(HostMetrics);
///
/// impl MetricsBackend for Contained {
///     fn record_task_started(&self, _: RunnerType) {
///         self.0.record_task_started(RunnerType::Container);
///     }
///     fn record_task_completed(&self, _: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
///         self.0.record_task_completed(RunnerType::Container, outcome, duration_ms);
///     }
///     fn record_runner_error(&self, _: RunnerType, error: RunnerErrorKind) {
///         self.0.record_runner_error(RunnerType::Container, error);
///     }
/// }
///
/// solti_metrics_guest::export_middleware!(Contained);
/// ```
///
/// The crate is then built as a `cdylib`.
#[macro_export]
macro_rules! export_middleware {
    ($around:expr $(,)?) => {
        $crate::__export_backend!(($around)($crate::HostMetrics::new()));
    };
}

/// What both macros have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_backend {
    ($backend:expr) => {
        const _: () = {
            use $crate::__private::{LazyLock, exports, types};
            use $crate::MetricsBackend;

            static BACKEND: LazyLock<Box<dyn MetricsBackend>> =
                LazyLock::new(|| Box::new($backend));

            #[allow(dead_code, reason = "it is exported only from WebAssembly")]
            struct Exported;

            impl exports::exports::solti::metrics::backend::Guest for Exported {
                fn record_task_started(runner: types::RunnerType) {
                    BACKEND.record_task_started(runner.into());
                }

                fn record_task_completed(
                    runner: types::RunnerType,
                    outcome: types::TaskOutcome,
                    duration_ms: u64,
                ) {
                    BACKEND.record_task_completed(runner.into(), outcome.into(), duration_ms);
                }

                fn record_runner_error(runner: types::RunnerType, error: types::RunnerErrorKind) {
                    BACKEND.record_runner_error(runner.into(), error.into());
                }
            }

            #[cfg(not(target_family = "wasm"))]
            #[allow(dead_code, reason = "so that the backend counts as used there too")]
            fn backend() -> &'static dyn MetricsBackend {
                &**BACKEND
            }

            // A native linker takes no such names, and a crate's own tests are
            // native.
            #[cfg(target_family = "wasm")]
    exports::export_backend!(Exported with_types_in $crate::__private::exports);
        };
    };
}

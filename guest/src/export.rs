//! The macros that export a backend from a component.

/// Makes this component a provider: a backend that receives the records of
/// other components.
///
/// The argument is an expression for a [`MetricsBackend`](crate::MetricsBackend).
/// The first call evaluates the expression once. The backend lives as long as
/// the component's instance.
///
/// ```no_run
/// use solti_metrics_guest::MemoryMetrics;
///
/// solti_metrics_guest::export_provider!(MemoryMetrics::new());
/// ```
///
/// Further arguments name the optional interfaces of the backend:
/// [`Lifecycle`](crate::Lifecycle), [`Exposition`](crate::Exposition),
/// [`Accounting`](crate::Accounting). The macro always exports the interface
/// `batch`, many records in one call.
///
/// ```no_run
/// # use solti_metrics_guest::{Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
/// # #[derive(Default)]
/// # struct File;
/// # impl MetricsBackend for File {
/// #     fn record_task_started(&self, _: RunnerType) {}
/// #     fn record_task_completed(&self, _: RunnerType, _: TaskOutcome, _: u64) {}
/// #     fn record_runner_error(&self, _: RunnerType, _: RunnerErrorKind) {}
/// # }
/// impl Lifecycle for File {
///     fn flush(&self) -> Result<(), String> {
///         Ok(())
///     }
/// }
///
/// solti_metrics_guest::export_provider!(File::default(), Lifecycle);
/// ```
///
/// Build the crate as a `cdylib`.
#[macro_export]
macro_rules! export_provider {
    ($backend:expr $(, $interface:ident)* $(,)?) => {
        $crate::__export_backend!($backend; $($interface)*);
    };
}

/// Makes this component a middleware: it receives records, and forwards, changes
/// or drops them.
///
/// The argument is a function from the next backend to this one: from
/// [`HostMetrics`](crate::HostMetrics) to a
/// [`MetricsBackend`](crate::MetricsBackend) around it. Further arguments are
/// the same as for [`export_provider!`](crate::export_provider). Without
/// arguments, `export_middleware!()` forwards every record unchanged.
///
/// ```no_run
/// use solti_metrics_guest::{HostMetrics, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome};
///
/// /// Changes the runner type of every record to `container`.
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
/// Build the crate as a `cdylib`.
#[macro_export]
macro_rules! export_middleware {
    () => {
        $crate::__export_backend!($crate::HostMetrics::new(););
    };
    ($around:expr $(, $interface:ident)* $(,)?) => {
        $crate::__export_backend!(($around)($crate::HostMetrics::new()); $($interface)*);
    };
}

/// The common part of both macros.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_backend {
    ($backend:expr; $($interface:ident)*) => {
        const _: () = {
            use $crate::__private::{Event, LazyLock, batch, exports, types};
            use $crate::MetricsBackend;

            /// The backend with its optional interfaces.
            trait ProviderBackend: MetricsBackend $(+ $crate::$interface)* {}
            impl<T: MetricsBackend $(+ $crate::$interface)*> ProviderBackend for T {}

            static BACKEND: LazyLock<Box<dyn ProviderBackend>> = LazyLock::new(|| Box::new($backend));

            #[allow(dead_code, reason = "it is exported only from WebAssembly")]
            struct ExportedBackend;

            impl exports::exports::solti::metrics::backend::Guest for ExportedBackend {
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

            impl batch::exports::solti::metrics::batch::Guest for ExportedBackend {
                #[allow(
                    clippy::panic,
                    reason = "a host counts a batch as lost if the call for it traps"
                )]
                fn record_batch(words: Vec<u64>) {
                    let event = |record: &[u64]| {
                        match record.try_into().ok().and_then(Event::from_words) {
                            Some(event) => event,
                            None => panic!("not a record: {record:x?}"),
                        }
                    };
                    let events: Vec<Event> = words.chunks(2).map(event).collect();
                    if let Err(error) = BACKEND.record_batch(&events) {
                        panic!("{error}");
                    }
                }
            }

            $($crate::__optional_impl!($interface);)*

            #[cfg(not(target_family = "wasm"))]
            #[allow(dead_code, reason = "marks the backend as used in native builds")]
            fn backend() -> &'static dyn ProviderBackend {
                &**BACKEND
            }

            // A native linker does not accept such names, and a crate's own tests
            // are native.
            #[cfg(target_family = "wasm")]
            const _: () = {
                exports::export_backend!(ExportedBackend with_types_in $crate::__private::exports);
                batch::export_batch!(ExportedBackend with_types_in $crate::__private::batch);
                $($crate::__optional_export!($interface);)*
            };
        };
    };
}

/// Implements the generated trait with the trait of this crate.
#[doc(hidden)]
#[macro_export]
macro_rules! __optional_impl {
    (Lifecycle) => {
        impl $crate::__private::lifecycle::exports::solti::metrics::lifecycle::Guest
            for ExportedBackend
        {
            fn flush() -> Result<(), String> {
                $crate::Lifecycle::flush(&**BACKEND)
            }
        }
    };
    (Exposition) => {
        impl $crate::__private::exposition::exports::solti::metrics::exposition::Guest
            for ExportedBackend
        {
            fn expose() -> String {
                $crate::Exposition::expose(&**BACKEND)
            }
        }
    };
    (Accounting) => {
        impl $crate::__private::accounting::exports::solti::metrics::accounting::Guest
            for ExportedBackend
        {
            fn take_discards()
            -> $crate::__private::accounting::exports::solti::metrics::accounting::Discards {
                let $crate::Discards { sampled, failed } =
                    $crate::Accounting::take_discards(&**BACKEND);
                $crate::__private::accounting::exports::solti::metrics::accounting::Discards {
                    sampled,
                    failed,
                }
            }
        }
    };
}

/// Exports the interface.
#[doc(hidden)]
#[macro_export]
macro_rules! __optional_export {
    (Lifecycle) => {
        $crate::__private::lifecycle::export_lifecycle!(
            ExportedBackend with_types_in $crate::__private::lifecycle
        );
    };
    (Exposition) => {
        $crate::__private::exposition::export_exposition!(
            ExportedBackend with_types_in $crate::__private::exposition
        );
    };
    (Accounting) => {
        $crate::__private::accounting::export_accounting!(
            ExportedBackend with_types_in $crate::__private::accounting
        );
    };
}

//! An instance of a backend in Rust.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use solti_metrics::{Event, MetricsHandle};
use solti_metrics_host::contained::contained;
use solti_metrics_host::provider::OptionalInterfaces;

use super::status::InstanceStatus;
use super::stop::{InstanceStop, StopCause};

/// Returns the exposition of a backend, or the reason of a failure.
pub(crate) type ExposeFn = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// A backend in Rust.
pub(crate) struct NativeBackend {
    pub(crate) handle: MetricsHandle,
    pub(crate) expose: Option<ExposeFn>,
}

/// Creates backends in Rust.
#[derive(Clone)]
pub(crate) struct NativeFactory {
    pub(crate) name: String,
    pub(crate) exposes: bool,
    pub(crate) make: Arc<dyn Fn() -> NativeBackend + Send + Sync>,
}

/// A backend in Rust, called on the thread of the test.
pub(super) struct NativeInstance<'a> {
    factory: &'a NativeFactory,
    /// Whether records are delivered in batches.
    batches: bool,
    native: Mutex<Arc<NativeBackend>>,
    delivered: Mutex<DeliveredRecords>,
}

/// Records that the backend received, including those of earlier instances.
#[derive(Default)]
struct DeliveredRecords {
    records: u64,
    busy: Duration,
}

impl NativeFactory {
    pub(super) fn optional_interfaces(&self) -> OptionalInterfaces {
        let mut optional_interfaces = OptionalInterfaces::default();
        optional_interfaces.batch = true;
        optional_interfaces.exposition = self.exposes;
        optional_interfaces
    }

    fn make(&self) -> Result<Arc<NativeBackend>, String> {
        contained(|| Arc::new((self.make)())).map_err(|panic| panicked(&panic))
    }
}

impl<'a> NativeInstance<'a> {
    /// The error is the reason why there is no instance.
    pub(super) fn start(factory: &'a NativeFactory, batches: bool) -> Result<Self, String> {
        Ok(Self {
            native: Mutex::new(factory.make()?),
            factory,
            batches,
            delivered: Mutex::default(),
        })
    }

    pub(super) fn record(&self, events: &[Event]) -> Result<(), InstanceStop> {
        let native = Arc::clone(&self.native.lock());
        let start = Instant::now();
        let recorded = contained(|| {
            if self.batches {
                return native.handle.record_batch(events);
            }
            let each = events.iter();
            each.for_each(|event| event.record_into(&*native.handle));
            Ok(())
        });
        let mut delivered = self.delivered.lock();
        delivered.busy += start.elapsed();
        match recorded {
            Ok(Ok(())) => {}
            Err(panic) if !self.batches => return Err(died(panicked(&panic))),
            Ok(Err(_)) | Err(_) => return Err(died("panicked in `record_batch`".into())),
        }
        delivered.records += events.len() as u64;
        Ok(())
    }

    pub(super) fn expose(&self) -> Result<Result<String, String>, InstanceStop> {
        let native = Arc::clone(&self.native.lock());
        let exposed = contained(|| native.expose.as_ref().map(|expose| expose()));
        match exposed {
            Ok(exposed) => {
                Ok(exposed.unwrap_or_else(|| Err("the backend has no exposition".into())))
            }
            Err(panic) => Err(died(panicked(&panic))),
        }
    }

    pub(super) fn restart(&self) -> Result<(), InstanceStop> {
        *self.native.lock() = self.factory.make().map_err(died)?;
        Ok(())
    }

    pub(super) fn status(&self) -> InstanceStatus {
        let delivered = self.delivered.lock();
        InstanceStatus {
            optional_interfaces: self.factory.optional_interfaces(),
            accepted: delivered.records,
            delivered: delivered.records,
            busy: delivered.busy,
            ..InstanceStatus::default()
        }
    }
}

fn died(panic: String) -> InstanceStop {
    InstanceStop::Died {
        cause: StopCause::Panicked(panic),
        stderr_tail: None,
    }
}

fn panicked(panic: &str) -> String {
    format!("panicked: {panic}")
}

//! An instance of a backend in Rust.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use solti_metrics::{Event, MetricsHandle};
use solti_metrics_host::contained::contained;
use solti_metrics_host::provider::OptionalInterfaces;

use super::status::Status;
use super::stop::{Cause, Stop};

/// Returns what a backend exposes, or why it cannot.
pub(crate) type ExposeFn = Box<dyn Fn() -> Result<String, String> + Send + Sync>;

/// A backend in Rust.
pub(crate) struct Native {
    pub(crate) handle: MetricsHandle,
    pub(crate) expose: Option<ExposeFn>,
}

/// How backends in Rust are made.
#[derive(Clone)]
pub(crate) struct NativeSetting {
    pub(crate) name: String,
    pub(crate) exposes: bool,
    pub(crate) make: Arc<dyn Fn() -> Native + Send + Sync>,
}

/// One of them, called on the thread of the test.
pub(super) struct NativeInstance<'a> {
    setting: &'a NativeSetting,
    /// Whether it is given many records in one call.
    batches: bool,
    native: Mutex<Arc<Native>>,
    taken: Mutex<Taken>,
}

/// What it has taken, from all that were in its place.
#[derive(Default)]
struct Taken {
    records: u64,
    busy: Duration,
}

impl NativeSetting {
    pub(super) fn optional_interfaces(&self) -> OptionalInterfaces {
        let mut optional_interfaces = OptionalInterfaces::default();
        optional_interfaces.batch = true;
        optional_interfaces.exposition = self.exposes;
        optional_interfaces
    }

    fn make(&self) -> Result<Arc<Native>, String> {
        contained(|| Arc::new((self.make)())).map_err(|panic| panicked(&panic))
    }
}

impl<'a> NativeInstance<'a> {
    /// An error says why there is none.
    pub(super) fn start(setting: &'a NativeSetting, batches: bool) -> Result<Self, String> {
        Ok(Self {
            native: Mutex::new(setting.make()?),
            setting,
            batches,
            taken: Mutex::default(),
        })
    }

    pub(super) fn record(&self, events: &[Event]) -> Result<(), Stop> {
        let native = Arc::clone(&self.native.lock());
        let began = Instant::now();
        let recorded = contained(|| {
            if self.batches {
                return native.handle.record_batch(events);
            }
            let each = events.iter();
            each.for_each(|event| event.record_into(&*native.handle));
            Ok(())
        });
        let mut taken = self.taken.lock();
        taken.busy += began.elapsed();
        match recorded {
            Ok(Ok(())) => {}
            Err(panic) if !self.batches => return Err(died(panicked(&panic))),
            Ok(Err(_)) | Err(_) => return Err(died("panicked in `record_batch`".into())),
        }
        taken.records += events.len() as u64;
        Ok(())
    }

    pub(super) fn expose(&self) -> Result<Result<String, String>, Stop> {
        let native = Arc::clone(&self.native.lock());
        let exposed = contained(|| native.expose.as_ref().map(|expose| expose()));
        match exposed {
            Ok(exposed) => Ok(exposed.unwrap_or_else(|| Err("it exposes nothing".into()))),
            Err(panic) => Err(died(panicked(&panic))),
        }
    }

    pub(super) fn restart(&self) -> Result<(), Stop> {
        *self.native.lock() = self.setting.make().map_err(died)?;
        Ok(())
    }

    pub(super) fn status(&self) -> Status {
        let taken = self.taken.lock();
        Status {
            optional_interfaces: self.setting.optional_interfaces(),
            accepted: taken.records,
            delivered: taken.records,
            busy: taken.busy,
            ..Status::default()
        }
    }
}

fn died(panic: String) -> Stop {
    Stop::Died {
        cause: Cause::Panicked(panic),
        stderr_tail: None,
    }
}

fn panicked(panic: &str) -> String {
    format!("panicked: {panic}")
}

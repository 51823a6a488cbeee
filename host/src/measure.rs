//! Pieces of the inline recording mode, for the benchmarks alone: the cost of the guest's side of a
//! record, with and without the host's side.

use wasmtime::component::{InstancePre, Linker, TypedFunc};
use wasmtime::{Engine, Store};

use crate::MetricsCtx;
use crate::artifact::{Artifacts, EngineArtifacts, Inspected};
use crate::component::Inspection;
use crate::engine::EngineSettings;
use crate::inline::{Drain, RecordWords, Recording};

/// Destination of records from the ring.
#[derive(Debug)]
pub enum MeasureTarget {
    /// Records are discarded: only the guest's side is left.
    Nowhere {
        /// Number of discarded records.
        taken: u64,
    },
    /// Records pass a guest's context, as in the runner.
    Ctx(Box<MetricsCtx>),
}

impl Default for MeasureTarget {
    fn default() -> Self {
        Self::Nowhere { taken: 0 }
    }
}

impl Drain for MeasureTarget {
    fn drain(&mut self, records: &[RecordWords]) {
        match self {
            // Read as much as a backend would read.
            Self::Nowhere { taken } => {
                *taken += std::hint::black_box(records).len() as u64;
            }
            Self::Ctx(ctx) => ctx.record_words(records),
        }
    }
}

/// The host's side alone: passes these records on as if they came out of a ring.
pub fn drain(ctx: &mut MetricsCtx, records: &[[u64; 2]]) {
    ctx.record_words(records);
}

/// A guest that was composed and compiled with the shim.
pub struct MeasuredGuest {
    engine: Engine,
    pre: InstancePre<Recording<MeasureTarget>>,
}

impl MeasuredGuest {
    /// Compiles a guest that imports only the metrics, as the runner does; without `interruptible`,
    /// the guest cannot be stopped.
    ///
    /// # Errors
    ///
    /// When the guest cannot be composed, or compiled.
    pub fn new(component: &[u8], interruptible: bool) -> wasmtime::Result<Self> {
        Self::with_clock(component, interruptible, || 0)
    }

    /// Compiles a guest that imports the metrics and `now` of `wasi:clocks/monotonic-clock`, which
    /// calls `clock`. Unlike a host call of the runner, `now` leaves the records in the ring.
    ///
    /// # Errors
    ///
    /// When the guest cannot be composed, or compiled.
    pub fn with_clock(
        component: &[u8],
        interruptible: bool,
        clock: impl Fn() -> u64 + Send + Sync + 'static,
    ) -> wasmtime::Result<Self> {
        let name = "the guest";
        let inspection = Inspection::of(name, component)?;
        let settings = EngineSettings {
            inlining: inspection.is_inlined(),
            ..EngineSettings::default()
        };
        let engine = settings.engine_with(|config| {
            config.epoch_interruption(interruptible);
        })?;
        let mut linker = Linker::new(&engine);
        crate::inline::define(&mut linker)?;
        linker
            .instance("wasi:clocks/monotonic-clock@0.2.12")?
            .func_wrap("now", move |_, ()| Ok((clock(),)))?;
        let artifacts = EngineArtifacts::new(Artifacts::new(), settings, vec![engine.clone()]);
        let guest = artifacts.with_shim(Inspected {
            name,
            inspection: &inspection,
            bytes: component,
        })?;
        let pre = guest.component.instantiate_pre(&linker)?;
        Ok(Self { engine, pre })
    }

    /// Bytes of the compiled artifact: machine code, and the data that belongs to it.
    ///
    /// # Errors
    ///
    /// When the artifact cannot be serialized.
    pub fn artifact_size(&self) -> wasmtime::Result<usize> {
        Ok(self.pre.component().serialize()?.len())
    }

    /// A store with an instance in it.
    ///
    /// # Errors
    ///
    /// When the guest cannot be instantiated.
    pub fn instance(&self, target: MeasureTarget) -> wasmtime::Result<MeasuredInstance> {
        let mut store = Store::new(&self.engine, Recording::new(target));
        store.set_epoch_deadline(u64::MAX / 2);
        let instance = self.pre.instantiate(&mut store)?;
        let main = instance
            .get_export_index(&mut store, None, "wasi:cli/run@0.2.12")
            .and_then(|run| instance.get_export_index(&mut store, Some(&run), "run"))
            .ok_or_else(|| wasmtime::format_err!("the guest has no `main`"))?;
        let main = instance.get_typed_func(&mut store, main)?;
        Ok(MeasuredInstance { store, main })
    }
}

/// One instance.
pub struct MeasuredInstance {
    store: Store<Recording<MeasureTarget>>,
    main: TypedFunc<(), (Result<(), ()>,)>,
}

impl MeasuredInstance {
    /// Calls `main`, and takes the remaining records out of the ring.
    ///
    /// # Errors
    ///
    /// When the guest traps.
    pub fn call(&mut self) -> wasmtime::Result<()> {
        let (result,) = self.main.call(&mut self.store, ())?;
        self.store.data_mut().drain();
        result.map_err(|()| wasmtime::format_err!("the guest failed"))
    }

    /// Number of discarded records.
    #[must_use]
    pub fn taken(&self) -> u64 {
        match self.store.data().state() {
            MeasureTarget::Nowhere { taken } => *taken,
            MeasureTarget::Ctx(_) => 0,
        }
    }
}

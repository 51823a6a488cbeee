//! The engines of a runner.

use std::sync::OnceLock;

use wasmtime::Engine;
use wasmtime::component::Linker;

use super::Pool;
use super::linker::{linker, linker_of_both};
use super::state::TaskData;
use crate::artifact::{ArtifactKey, Artifacts, EngineArtifacts};
use crate::component::Inspection;
use crate::engine::{BuildError, ByInlining, EngineSettings, Ticker};
use crate::text::one_line;

/// Engines of a runner. Each kind exists twice: with inlining, and without it for large components.
///
/// The first kind allocates from the system on demand. With inlining, it has a second engine with a
/// pool of slots, if that was requested. The other kind is for component-model async, and is made
/// when a component first needs it.
pub(super) struct Machine {
    pooled: Option<(Pool, Linker<TaskData>)>,
    synchronous: ByInlining<EngineCode>,
    asynchronous: ByInlining<OnceLock<EngineCode>>,
    given: MachineSettings,
    pub(super) ticker: Ticker,
}

/// Settings with which engines are made.
#[derive(Clone)]
struct MachineSettings {
    artifacts: Artifacts,
    settings: EngineSettings,
}

/// An engine, its functions, and code for it.
struct EngineCode {
    linker: Linker<TaskData>,
    artifacts: EngineArtifacts,
}

impl Machine {
    pub(super) fn new(
        artifacts: Artifacts,
        settings: EngineSettings,
        pool: Option<Pool>,
    ) -> Result<Self, BuildError> {
        let pooled = match pool {
            Some(pool) => match settings.engine_with(|config| pool.configure(config)) {
                Ok(engine) => Some((pool, linker(&engine)?)),
                Err(error) => {
                    let reason = one_line(&error);
                    tracing::warn!(reason, "no pool of slots is available for tasks");
                    None
                }
            },
            None => None,
        };
        let synchronous = ByInlining::try_new(|inlining| {
            let settings = EngineSettings {
                inlining,
                ..settings
            };
            let linker = linker(&settings.engine()?)?;
            // The preferred engine comes first.
            let pooled = pooled.iter().filter(|_| inlining);
            let mut engines: Vec<_> = pooled.map(|(_, linker)| linker.engine().clone()).collect();
            engines.push(linker.engine().clone());
            let artifacts = EngineArtifacts::new(artifacts.clone(), settings, engines);
            Ok::<_, BuildError>(EngineCode { linker, artifacts })
        })?;
        let linkers = synchronous.both().map(|it| &it.linker).into_iter();
        let linkers = linkers.chain(pooled.iter().map(|(_, linker)| linker));
        let engines: Vec<_> = linkers.map(Linker::engine).collect();
        let ticker = Ticker::start(&engines).map_err(|reason| BuildError::Thread { reason })?;
        Ok(Self {
            pooled,
            synchronous,
            asynchronous: ByInlining::try_new(|_| Ok::<_, BuildError>(OnceLock::new()))?,
            given: MachineSettings {
                artifacts,
                settings,
            },
            ticker,
        })
    }

    /// Code for the engine of a component that does not need component-model async.
    pub(super) fn synchronous(&self, it: &Inspection) -> &EngineArtifacts {
        &self.synchronous.of(it.is_inlined()).artifacts
    }

    /// Code for each engine without component-model async.
    pub(super) fn each_synchronous(&self) -> [&EngineArtifacts; 2] {
        self.synchronous.both().map(|it| &it.artifacts)
    }

    /// Key that authenticates the code in files.
    pub(super) fn file_key(&self) -> Option<&ArtifactKey> {
        self.synchronous.of(true).artifacts.file_key()
    }

    /// Code for the engine of a component that needs component-model async.
    ///
    /// The pool does not serve this engine: each call that waits has its own stack, so a guest
    /// decides how much of the pool it would take.
    pub(super) fn asynchronous(&self, it: &Inspection) -> wasmtime::Result<&EngineArtifacts> {
        let place = self.asynchronous.of(it.is_inlined());
        if let Some(made) = place.get() {
            return Ok(&made.artifacts);
        }
        let MachineSettings {
            artifacts,
            mut settings,
        } = self.given.clone();
        settings.asynchronous = true;
        settings.inlining = it.is_inlined();
        let engine = settings.engine()?;
        let linker = linker_of_both(&engine)?;
        self.ticker.also(&engine);
        // If two threads make an engine at the same time, one of the engines is discarded.
        let made = place.get_or_init(|| EngineCode {
            linker,
            artifacts: EngineArtifacts::new(artifacts, settings, vec![engine]),
        });
        Ok(&made.artifacts)
    }

    /// Whether fuel is counted.
    pub(super) fn counts_fuel(&self) -> bool {
        self.given.settings.fuel
    }

    /// Linker for code that was loaded on an engine; `None` if the engine belongs to another
    /// runner.
    pub(super) fn linker(&self, engine: &Engine) -> Option<&Linker<TaskData>> {
        self.linkers()
            .find(|linker| Engine::same(linker.engine(), engine))
    }

    /// The pool of slots for tasks.
    pub(super) fn pool(&self) -> Option<&Pool> {
        self.pooled.as_ref().map(|(pool, _)| pool)
    }

    /// The pool in which a task on this engine has its slot.
    pub(super) fn pool_of(&self, engine: &Engine) -> Option<&Pool> {
        let of_engine =
            |(_, linker): &&(Pool, Linker<TaskData>)| Engine::same(linker.engine(), engine);
        self.pooled.as_ref().filter(of_engine).map(|(pool, _)| pool)
    }

    fn linkers(&self) -> impl Iterator<Item = &Linker<TaskData>> {
        let pooled = self.pooled.iter().map(|(_, linker)| linker);
        let synchronous = self.synchronous.both().into_iter();
        let asynchronous = self.asynchronous.both().into_iter();
        let on_demand = synchronous.chain(asynchronous.filter_map(OnceLock::get));
        pooled.chain(on_demand.map(|made| &made.linker))
    }
}

//! The engines of a runner.

use std::sync::OnceLock;

use wasmtime::Engine;
use wasmtime::component::Linker;

use super::Pool;
use super::linker::{linker, linker_of_both};
use super::state::TaskData;
use crate::artifact::{Artifacts, EngineArtifacts};
use crate::engine::{BuildError, EngineSettings, Ticker};
use crate::text::one_line;

/// Engines of a runner. The first has a pool of slots, if that was requested. The second allocates
/// from the system on demand. The third, for component-model async, is made when a component first
/// needs it.
pub(super) struct Machine {
    pooled: Option<(Pool, Linker<TaskData>)>,
    on_demand: Linker<TaskData>,
    /// Code for the first two engines, which are tuned for records.
    pub(super) artifacts: EngineArtifacts,
    asynchronous: OnceLock<Asynchronous>,
    given: MachineSettings,
    pub(super) ticker: Ticker,
}

/// Settings with which engines are made.
#[derive(Clone)]
struct MachineSettings {
    artifacts: Artifacts,
    settings: EngineSettings,
}

/// The engine for component-model async.
struct Asynchronous {
    linker: Linker<TaskData>,
    artifacts: EngineArtifacts,
}

impl Machine {
    pub(super) fn new(
        artifacts: Artifacts,
        settings: EngineSettings,
        pool: Option<Pool>,
    ) -> Result<Self, BuildError> {
        let on_demand = linker(&settings.engine()?)?;
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
        let mut engines = vec![on_demand.engine()];
        engines.extend(pooled.iter().map(|(_, linker)| linker.engine()));
        let ticker = Ticker::start(&engines).map_err(|reason| BuildError::Thread { reason })?;
        // The preferred engine comes first.
        let engines = engines.into_iter().rev().cloned().collect();
        Ok(Self {
            artifacts: EngineArtifacts::new(artifacts.clone(), settings, engines),
            pooled,
            on_demand,
            asynchronous: OnceLock::new(),
            given: MachineSettings {
                artifacts,
                settings,
            },
            ticker,
        })
    }

    /// Code for the engine of components that need component-model async.
    ///
    /// The pool does not serve this engine: each call that waits has its own stack, so a guest
    /// decides how much of the pool it would take.
    pub(super) fn asynchronous(&self) -> wasmtime::Result<&EngineArtifacts> {
        if let Some(made) = self.asynchronous.get() {
            return Ok(&made.artifacts);
        }
        let MachineSettings {
            artifacts,
            mut settings,
        } = self.given.clone();
        settings.asynchronous = true;
        let engine = settings.engine()?;
        let linker = linker_of_both(&engine)?;
        self.ticker.also(&engine);
        // If two threads make an engine at the same time, one of the engines is discarded.
        let made = self.asynchronous.get_or_init(|| Asynchronous {
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
        let asynchronous = self.asynchronous.get().map(|made| &made.linker);
        pooled.chain([&self.on_demand]).chain(asynchronous)
    }
}

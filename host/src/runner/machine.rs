use std::sync::OnceLock;

use wasmtime::Engine;
use wasmtime::component::Linker;

use super::Pool;
use super::linker::{linker, linker_of_both};
use super::state::TaskData;
use crate::artifact::{Artifacts, EngineArtifacts};
use crate::engine::{BuildError, EngineSettings, Ticker};
use crate::text::one_line;

/// What tasks run on: an engine with room that is set aside, if that was asked for, one
/// that takes from the system what it needs, and a third for what needs component-model
/// async, which is made when it is first needed.
pub(super) struct Machine {
    pooled: Option<(Pool, Linker<TaskData>)>,
    on_demand: Linker<TaskData>,
    /// Code for the first two, which are tuned.
    pub(super) artifacts: EngineArtifacts,
    asynchronous: OnceLock<Asynchronous>,
    given: Given,
    pub(super) ticker: Ticker,
}

/// What engines are made of.
#[derive(Clone)]
struct Given {
    artifacts: Artifacts,
    settings: EngineSettings,
}

/// The engine for what needs component-model async.
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
                    tracing::warn!(reason, "no room is set aside for tasks");
                    None
                }
            },
            None => None,
        };
        let mut engines = vec![on_demand.engine()];
        engines.extend(pooled.iter().map(|(_, linker)| linker.engine()));
        let ticker = Ticker::start(&engines).map_err(|reason| BuildError::Thread { reason })?;
        // The one to prefer is first.
        let engines = engines.into_iter().rev().cloned().collect();
        Ok(Self {
            artifacts: EngineArtifacts::new(artifacts.clone(), settings, engines),
            pooled,
            on_demand,
            asynchronous: OnceLock::new(),
            given: Given {
                artifacts,
                settings,
            },
            ticker,
        })
    }

    /// Code for the engine that takes components which need component-model async.
    ///
    /// Room is set aside for others alone: how much of it one of these takes, it decides
    /// itself, since each call that waits has a stack of its own.
    pub(super) fn asynchronous(&self) -> wasmtime::Result<&EngineArtifacts> {
        if let Some(made) = self.asynchronous.get() {
            return Ok(&made.artifacts);
        }
        let Given {
            artifacts,
            mut settings,
        } = self.given.clone();
        settings.asynchronous = true;
        let engine = settings.engine()?;
        let linker = linker_of_both(&engine)?;
        self.ticker.also(&engine);
        // If two have made one at the same time, the other one is let go.
        let made = self.asynchronous.get_or_init(|| Asynchronous {
            linker,
            artifacts: EngineArtifacts::new(artifacts, settings, vec![engine]),
        });
        Ok(&made.artifacts)
    }

    /// Whether what guests execute is counted.
    pub(super) fn counts_fuel(&self) -> bool {
        self.given.settings.fuel
    }

    /// The linker for what was loaded on an engine; `None` if that is not of this
    /// machine.
    pub(super) fn linker(&self, engine: &Engine) -> Option<&Linker<TaskData>> {
        self.linkers()
            .find(|linker| Engine::same(linker.engine(), engine))
    }

    /// The room that is set aside.
    pub(super) fn pool(&self) -> Option<&Pool> {
        self.pooled.as_ref().map(|(pool, _)| pool)
    }

    /// The room in which a task on this engine has its place.
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

use wasmtime::Engine;
use wasmtime::component::Linker;

use super::Pool;
use super::state::{TaskData, linker};
use crate::sandbox::{BuildError, EngineSettings, Ticker, one_line};

/// What tasks run on: an engine with room that is set aside, if that was asked for,
/// and one that takes from the system what it needs.
pub(super) struct Machine {
    pooled: Option<(Pool, Linker<TaskData>)>,
    on_demand: Linker<TaskData>,
    pub(super) ticker: Ticker,
}

impl Machine {
    pub(super) fn new(settings: EngineSettings, pool: Option<Pool>) -> Result<Self, BuildError> {
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
        let ticker = Ticker::start(&engines).map_err(|source| BuildError::Thread { source })?;
        Ok(Self {
            pooled,
            on_demand,
            ticker,
        })
    }

    /// The engines, the one to prefer first.
    pub(super) fn engines(&self) -> Vec<Engine> {
        self.linkers()
            .map(|linker| linker.engine().clone())
            .collect()
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

    /// The linkers, that of the engine to prefer first.
    fn linkers(&self) -> impl Iterator<Item = &Linker<TaskData>> {
        let pooled = self.pooled.iter().map(|(_, linker)| linker);
        pooled.chain([&self.on_demand])
    }
}

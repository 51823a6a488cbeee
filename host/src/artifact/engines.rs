use std::sync::Arc;

use wasmtime::Engine;

/// Engines of the same settings, which share code. Clones share the engines.
#[derive(Clone)]
pub(super) struct Engines(Arc<[Engine]>);

impl Engines {
    pub(super) fn new(engines: Vec<Engine>) -> Self {
        Self(engines.into())
    }

    pub(super) fn first(&self) -> Option<&Engine> {
        self.0.first()
    }

    /// Loads code on the first engine that accepts it: the slots of an engine may be too small.
    pub(super) fn on_any<T>(
        &self,
        load: impl Fn(&Engine) -> wasmtime::Result<T>,
    ) -> wasmtime::Result<T> {
        let mut last = None;
        for engine in &*self.0 {
            let loaded = load(engine);
            if loaded.is_ok() {
                return loaded;
            }
            last = Some(loaded);
        }
        last.unwrap_or_else(|| Err(wasmtime::format_err!("no engine is configured")))
    }
}

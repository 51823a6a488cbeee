use std::sync::Arc;

use wasmtime::Engine;

/// Engines of the same settings, for which the same code is compiled. Clones share them.
#[derive(Clone)]
pub(super) struct Engines(Arc<[Engine]>);

impl Engines {
    pub(super) fn new(engines: Vec<Engine>) -> Self {
        Self(engines.into())
    }

    pub(super) fn first(&self) -> Option<&Engine> {
        self.0.first()
    }

    /// Loads on the first engine that takes it: it may have too little room on one.
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
        last.unwrap_or_else(|| Err(wasmtime::format_err!("there is no engine")))
    }
}

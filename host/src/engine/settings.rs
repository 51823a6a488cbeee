use wasmtime::{Config, Engine, Inlining, WasmFeatures};

/// What the host's own frames need of a task's stack, beyond the guest's.
const HOST_STACK: usize = 1 << 20;

/// What is chosen of an engine. Whoever compiles for another process makes the same
/// engine of the same settings, so they can be written down and read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EngineSettings {
    /// Bytes of stack for a guest.
    pub(crate) stack: usize,
    /// Whether it takes components that need component-model async. What can be
    /// interleaved costs more at each call, so others run on an engine without.
    pub(crate) asynchronous: bool,
    /// Whether code counts what is executed of it.
    pub(crate) fuel: bool,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            stack: 512 << 10,
            asynchronous: false,
            fuel: false,
        }
    }
}

impl EngineSettings {
    /// The engine that components run on.
    pub(crate) fn engine(self) -> wasmtime::Result<Engine> {
        self.engine_with(|_| {})
    }

    /// The same, with more to configure, of which no code depends: whoever compiles for
    /// it is not told.
    pub(crate) fn engine_with(self, more: impl FnOnce(&mut Config)) -> wasmtime::Result<Engine> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .consume_fuel(self.fuel)
            // Without, a record costs half as much. Component-model async comes with it.
            .concurrency_support(self.asynchronous)
            // What the shim does becomes part of the guest that calls it.
            .compiler_inlining(Inlining::InterModuleAndIntraGc)
            // Nor the other proposals that `proposals.rs` names, which are off by default;
            // these three are on where somebody's build of wasmtime has them.
            .wasm_features(WasmFeatures::THREADS, false)
            .wasm_features(WasmFeatures::EXCEPTIONS, false)
            .wasm_features(WasmFeatures::GC_TYPES, false)
            .max_wasm_stack(self.stack)
            .async_stack_size(self.stack.saturating_add(HOST_STACK));
        more(&mut config);
        Engine::new(&config)
    }

    /// Each by its name, to be [`read`](Self::read) elsewhere.
    pub(crate) fn written(self) -> Vec<(&'static str, String)> {
        let Self {
            stack,
            asynchronous,
            fuel,
        } = self;
        vec![
            ("stack", stack.to_string()),
            ("async", asynchronous.to_string()),
            ("fuel", fuel.to_string()),
        ]
    }

    /// From a function that knows what was [`written`](Self::written) under a name.
    pub(crate) fn read<'a>(written: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Some(Self {
            stack: written("stack")?.parse().ok()?,
            asynchronous: written("async")?.parse().ok()?,
            fuel: written("fuel")?.parse().ok()?,
        })
    }
}

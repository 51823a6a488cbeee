//! Settings of engines.

use wasmtime::{Config, Engine, Inlining, WasmFeatures};

/// Stack for the host's own frames, in addition to the guest's.
const HOST_STACK: usize = 1 << 20;

/// Settings of an engine. A process that compiles for another one makes the same engine of the same
/// settings, so they can be written down and read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EngineSettings {
    /// Stack of a guest, in bytes.
    pub(crate) stack: usize,
    /// Whether the engine supports component-model async. Concurrent calls are slower, so other
    /// components run on an engine without.
    pub(crate) asynchronous: bool,
    /// Whether code counts fuel.
    pub(crate) fuel: bool,
    /// Whether calls between modules are inlined. The compiler then holds all functions of a
    /// component in memory at once.
    pub(crate) inlining: bool,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            stack: 512 << 10,
            asynchronous: false,
            fuel: false,
            inlining: true,
        }
    }
}

impl EngineSettings {
    /// The engine on which components run.
    pub(crate) fn engine(self) -> wasmtime::Result<Engine> {
        self.engine_with(|_| {})
    }

    /// The engine with further configuration, on which no code depends: a process that compiles
    /// does not need it.
    pub(crate) fn engine_with(self, more: impl FnOnce(&mut Config)) -> wasmtime::Result<Engine> {
        let mut config = Config::new();
        config
            .epoch_interruption(true)
            .consume_fuel(self.fuel)
            // Without concurrency, a record costs half as much. Component-model async needs it.
            .concurrency_support(self.asynchronous)
            .compiler_inlining(match self.inlining {
                // The shim's code is inlined into the guest that calls it.
                true => Inlining::InterModuleAndIntraGc,
                false => Inlining::No,
            })
            // `proposals.rs` names more proposals, which are off by default. These three are on in
            // some builds of wasmtime.
            .wasm_features(WasmFeatures::THREADS, false)
            .wasm_features(WasmFeatures::EXCEPTIONS, false)
            .wasm_features(WasmFeatures::GC_TYPES, false)
            .max_wasm_stack(self.stack)
            .async_stack_size(self.stack.saturating_add(HOST_STACK));
        more(&mut config);
        Engine::new(&config)
    }

    /// Each setting by its name, to be [`read`](Self::read) in another process.
    pub(crate) fn written(self) -> Vec<(&'static str, String)> {
        let Self {
            stack,
            asynchronous,
            fuel,
            inlining,
        } = self;
        vec![
            ("stack", stack.to_string()),
            ("async", asynchronous.to_string()),
            ("fuel", fuel.to_string()),
            ("inlining", inlining.to_string()),
        ]
    }

    /// Reads settings from a function that returns the [`written`](Self::written) value of a name.
    pub(crate) fn read<'a>(written: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Some(Self {
            stack: written("stack")?.parse().ok()?,
            asynchronous: written("async")?.parse().ok()?,
            fuel: written("fuel")?.parse().ok()?,
            inlining: written("inlining")?.parse().ok()?,
        })
    }
}

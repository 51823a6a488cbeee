use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::{Config, Engine, EngineWeak, Inlining, WasmFeatures};

/// How often a running guest lets go of its thread.
const TICK: Duration = Duration::from_millis(10);

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
            // What the sink does becomes part of the guest that calls it.
            .compiler_inlining(Inlining::InterModuleAndIntraGc)
            // The limiter is not asked about shared memories.
            .wasm_features(WasmFeatures::THREADS, false)
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

/// Advances the epoch of engines while tasks run, and sleeps while none does.
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    engines: Vec<EngineWeak>,
    running: usize,
    closed: bool,
}

impl Ticker {
    pub(crate) fn start(engines: &[&Engine]) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let weak = engines.iter().map(|engine| engine.weak()).collect();
        shared.update(|state| state.engines = weak);
        let ticking = Arc::clone(&shared);
        thread::Builder::new()
            .name("epoch-ticker".into())
            .spawn(move || ticking.tick())?;
        Ok(Self { shared })
    }

    /// Advances the epoch of this engine, too.
    #[cfg(feature = "runner")]
    pub(crate) fn also(&self, engine: &Engine) {
        let weak = engine.weak();
        self.shared.update(|state| state.engines.push(weak));
    }

    /// Ticks until what it returns is dropped.
    pub(crate) fn run(&self) -> Ticking {
        self.shared.update(|state| state.running += 1);
        Ticking {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.update(|state| state.closed = true);
    }
}

pub(crate) struct Ticking {
    shared: Arc<Shared>,
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.shared.update(|state| state.running -= 1);
    }
}

impl Shared {
    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        self.changed.notify_all();
    }

    fn tick(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.closed {
            if state.running == 0 {
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(state);
            thread::sleep(TICK);
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            // An engine that is gone has nothing to tick for.
            state.engines.retain(|engine| {
                let engine = engine.upgrade();
                engine.inspect(Engine::increment_epoch).is_some()
            });
            if state.engines.is_empty() {
                return;
            }
        }
    }
}

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
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self { stack: 512 << 10 }
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
            // Halves the cost of a record; guests that use component-model async
            // would need another engine.
            .concurrency_support(false)
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
        let Self { stack } = self;
        vec![("stack", stack.to_string())]
    }

    /// From a function that knows what was [`written`](Self::written) under a name.
    pub(crate) fn read<'a>(written: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        Some(Self {
            stack: written("stack")?.parse().ok()?,
        })
    }
}

/// Advances the epoch of engines while tasks run, and sleeps while none does.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    running: usize,
    closed: bool,
}

impl Ticker {
    pub(crate) fn start(engines: &[&Engine]) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let weak: Vec<_> = engines.iter().map(|engine| engine.weak()).collect();
        let ticking = Arc::clone(&shared);
        thread::Builder::new()
            .name("epoch-ticker".into())
            .spawn(move || ticking.tick(&weak))?;
        Ok(Self { shared })
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

#[derive(Debug)]
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

    fn tick(&self, engines: &[EngineWeak]) {
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
            let mut engines = engines.iter().filter_map(EngineWeak::upgrade).peekable();
            if engines.peek().is_none() {
                return;
            }
            engines.for_each(|engine| engine.increment_epoch());
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        }
    }
}

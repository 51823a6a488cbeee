//! The thread that interrupts guests at every tick.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use wasmtime::{Engine, EngineWeak};

/// Interval at which a running guest yields its thread.
const TICK: Duration = Duration::from_millis(10);

/// Number of times that guests were told to yield their threads, and number of late ones.
///
/// Deadlines, cancellations and waiting guests depend on ticks: if many ticks are late, the machine
/// has too little processor time for its guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct EpochTicks {
    /// Ticks, of 10 ms each, while at least one task ran.
    pub ticks: u64,
    /// Ticks that came at least 10 ms late.
    pub late: u64,
}

impl EpochTicks {
    fn count(&mut self, due: Instant, now: Instant) {
        self.ticks += 1;
        self.late += u64::from(now.saturating_duration_since(due) >= TICK);
    }
}

/// Advances the epoch of engines while tasks run, and sleeps otherwise.
pub(crate) struct Ticker {
    shared: Arc<TickerShared>,
}

#[derive(Default)]
struct TickerShared {
    state: Mutex<TickerState>,
    changed: Condvar,
}

#[derive(Default)]
struct TickerState {
    engines: Vec<EngineWeak>,
    running: usize,
    /// Whether the thread waits for a change.
    resting: bool,
    closed: bool,
    counted: EpochTicks,
}

impl Ticker {
    pub(crate) fn start(engines: &[&Engine]) -> std::io::Result<Self> {
        let shared = Arc::new(TickerShared::default());
        let weak = engines.iter().map(|engine| engine.weak()).collect();
        shared.update(|state| state.engines = weak);
        let ticking = Arc::clone(&shared);
        thread::Builder::new()
            .name("epoch-ticker".into())
            .spawn(move || ticking.tick())?;
        Ok(Self { shared })
    }

    /// Also advances the epoch of this engine.
    #[cfg(feature = "runner")]
    pub(crate) fn also(&self, engine: &Engine) {
        let weak = engine.weak();
        self.shared.update(|state| state.engines.push(weak));
    }

    /// Ticks so far.
    #[cfg(feature = "runner")]
    pub(crate) fn ticks(&self) -> EpochTicks {
        self.shared.state().counted
    }

    /// Ticks until the returned value is dropped.
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
    shared: Arc<TickerShared>,
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.shared.update(|state| state.running -= 1);
    }
}

impl TickerShared {
    fn update(&self, change: impl FnOnce(&mut TickerState)) {
        let mut state = self.state();
        change(&mut state);
        let wake = std::mem::take(&mut state.resting);
        drop(state);
        // A thread that ticks already needs no system call at the start and the end of each task.
        if wake {
            self.changed.notify_all();
        }
    }

    /// No code between lock and unlock can leave the state half-changed.
    fn state(&self) -> MutexGuard<'_, TickerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tick(&self) {
        let mut state = self.state();
        while !state.closed {
            if state.running == 0 {
                state.resting = true;
                state = self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            drop(state);
            let due = Instant::now() + TICK;
            // This sleep is the clock. A wait for a change would wake the thread at the start and
            // the end of every task, without need.
            thread::sleep(TICK);
            state = self.state();
            state.counted.count(due, Instant::now());
            // An engine that is gone needs no ticks.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_late_when_the_next_one_is_due() {
        let due = Instant::now();
        let mut counted = EpochTicks::default();
        for (after, late) in [(0, 0), (9_999, 0), (10_000, 1), (2_000_000, 2)] {
            counted.count(due, due + Duration::from_micros(after));
            assert_eq!(counted.late, late, "{after}");
        }
        // A clock that went back makes no tick late.
        counted.count(due + TICK, due);
        assert_eq!((counted.ticks, counted.late), (5, 2));
    }
}

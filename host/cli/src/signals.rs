//! Signals that ask this process to stop or to reload, heard from its first instruction on.
//!
//! A thread that does nothing else hears them, so that nothing in this process delays
//! them: neither a pipe without a writer or a reader, nor a component that compiles.
//! A signal without a handler does nothing to the first process of a container, which
//! is why every command has these handlers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};
use std::{io, process, thread};

use parking_lot::Mutex;
use procfs::process::Process;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use signal_hook::{flag, low_level};
use solti_metrics_host::runner::CancellationToken;
use tokio::sync::{Notify, watch};

use crate::unfinished;

/// How long a command that is asked a second time may take to say what it abandons.
const LEAVING: Duration = Duration::from_secs(1);

/// SIGXFSZ, on all machines that Linux has this runner's instructions for.
const FILE_SIZE: i32 = 25;

/// Whether the handlers themselves end the process, because no thread hears the signals,
/// or because it has heard one that ends the process already.
static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// Adds signals to those that the thread hears.
static HEARING: OnceLock<Handle> = OnceLock::new();

static HEARD: Mutex<Heard> = Mutex::new(Heard {
    first: None,
    taken: None,
});

struct Heard {
    /// Until when requests to stop are the first one, once there was one.
    first: Option<Instant>,
    /// Where requests go while a command takes them.
    taken: Option<Taken>,
}

struct Taken {
    stop: CancellationToken,
    again: watch::Sender<Option<i32>>,
    /// `None` where nothing can be reloaded.
    reload: Option<Arc<Notify>>,
    /// Requests to stop that come within this time are one.
    one_request: Duration,
}

/// Hears signals from here on. Each ends this process, until a command takes them.
pub(crate) fn hear() {
    let mut ending = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        ending.push(SIGHUP);
    }
    for &signal in &ending {
        let at_once = Arc::clone(&AT_ONCE);
        let _ = flag::register_conditional_shutdown(signal, code(signal), at_once);
    }
    // With a handler, a write beyond the largest size that a file of this process may have
    // fails. Without one, it ends the process.
    let _ = flag::register(FILE_SIZE, Arc::default());
    let Ok(mut signals) = Signals::new(&ending) else {
        return;
    };
    let _ = HEARING.set(signals.handle());
    let hear = move || signals.forever().for_each(heard);
    let thread = thread::Builder::new().name("signals".into()).spawn(hear);
    AT_ONCE.store(thread.is_err(), Ordering::SeqCst);
}

/// Passes a request on to the command that takes it, or ends this process.
fn heard(signal: i32) {
    let mut heard = HEARD.lock();
    let reload = heard.taken.as_ref().and_then(|it| it.reload.as_ref());
    if let (SIGHUP, Some(reload)) = (signal, reload) {
        return reload.notify_one();
    }
    let first = heard.first;
    if first.is_some_and(|until| Instant::now() < until) {
        return;
    }
    match &heard.taken {
        Some(taken) if signal != SIGHUP && first.is_none() => {
            taken.stop.cancel();
            let until = Instant::now() + taken.one_request;
            heard.first = Some(until);
        }
        Some(taken) if signal != SIGHUP => {
            // The next one is not waited for either.
            AT_ONCE.store(true, Ordering::SeqCst);
            taken.again.send_replace(Some(signal));
            drop(heard);
            // The command says meanwhile what it abandons. This thread does nothing else,
            // and the next signal ends the process at once.
            thread::sleep(LEAVING);
            let _nothing_new = unfinished::remove_all();
            low_level::exit(code(signal))
        }
        _ => end(signal),
    }
}

/// Ends this process as the signal would without a handler, and removes what is
/// unfinished. Output is not flushed: its reader may be what the process waits for.
fn end(signal: i32) -> ! {
    // The next signal does not wait for a disk that does not answer.
    AT_ONCE.store(true, Ordering::SeqCst);
    let _nothing_new = unfinished::remove_all();
    // Shells that run several commands look at what has ended one of them. The first
    // process of a container is ended by no signal of its own.
    if process::id() != 1 {
        let _ = low_level::emulate_default_handler(signal);
    }
    low_level::exit(code(signal))
}

/// The exit code of a process that a signal has ended, as shells report it.
pub(crate) const fn code(signal: i32) -> i32 {
    128 + signal
}

/// Whether the parent wants this process to ignore a signal, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = Process::myself().and_then(|this| this.status());
    status.is_ok_and(|status| status.sigign >> (signal - 1) & 1 == 1)
}

/// Requests to a command that stops and reloads in its own way. When this is dropped, a
/// signal ends the process again.
pub(crate) struct Requests {
    stop: CancellationToken,
    again: watch::Receiver<Option<i32>>,
    reload: Arc<Notify>,
}

impl Requests {
    /// Takes the requests of this process. Without `reloads`, SIGHUP ends the process.
    /// Requests to stop that come within `one_request` of the first one are the same.
    pub(crate) fn take(reloads: bool, one_request: Duration) -> io::Result<Self> {
        let (asked_again, again) = watch::channel(None);
        let this = Self {
            stop: CancellationToken::new(),
            again,
            reload: Arc::default(),
        };
        HEARD.lock().taken = Some(Taken {
            stop: this.stop.clone(),
            again: asked_again,
            reload: reloads.then(|| Arc::clone(&this.reload)),
            one_request,
        });
        // It may have been ignored until now.
        if let (true, Some(hearing)) = (reloads, HEARING.get()) {
            hearing.add_signal(SIGHUP)?;
        }
        Ok(this)
    }

    /// Cancelled at the first request to stop.
    pub(crate) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Notified of each request to reload. Requests that come while one waits are one.
    pub(crate) const fn reload(&self) -> &Arc<Notify> {
        &self.reload
    }

    /// Waits for the second request to stop, and returns its signal. The process ends a
    /// second later in any case.
    pub(crate) fn again(&self) -> impl Future<Output = i32> + Send + 'static {
        let mut again = self.again.clone();
        async move {
            loop {
                if let Some(signal) = *again.borrow_and_update() {
                    return signal;
                }
                if again.changed().await.is_err() {
                    return std::future::pending().await;
                }
            }
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        HEARD.lock().taken = None;
    }
}

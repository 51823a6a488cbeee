//! Signals that request a stop or a reload, handled from the first instruction of the
//! process.
//!
//! A dedicated thread receives the signals, so that neither a blocked pipe nor a
//! compilation delays them. Without a handler, a signal has no effect on the first process
//! of a container. For this reason, every command has these handlers.

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

/// Maximum time for a command to report the abandoned work after the second signal.
const EXIT_TIMEOUT: Duration = Duration::from_secs(1);

/// SIGXFSZ, on all architectures that Linux and this runner support.
const FILE_SIZE: i32 = 25;

/// Whether the signal handlers end the process directly: no thread receives the signals, or
/// the thread already ends the process. The accesses are rare, and as strict as those of
/// `signal_hook`, which reads the flag.
static EXIT_IMMEDIATELY: LazyLock<Arc<AtomicBool>> =
    LazyLock::new(|| Arc::new(AtomicBool::new(true)));

/// Handle that registers further signals with the thread.
static HANDLE: OnceLock<Handle> = OnceLock::new();

static STATE: Mutex<SignalState> = Mutex::new(SignalState {
    first: None,
    target: None,
});

struct SignalState {
    /// End of the period in which stop requests count as the first one. `None` before the
    /// first request.
    first: Option<Instant>,
    /// Target of the requests while a command takes them.
    target: Option<RequestTarget>,
}

struct RequestTarget {
    stop: CancellationToken,
    again: watch::Sender<Option<i32>>,
    /// `None` if the command cannot reload.
    reload: Option<Arc<Notify>>,
    /// Period in which stop requests count as one.
    one_request: Duration,
}

/// Installs the signal handlers. Each signal ends this process until a command takes the
/// requests.
pub(crate) fn handle_signals() {
    let mut ending = vec![SIGINT, SIGTERM];
    if !is_ignored(SIGHUP) {
        ending.push(SIGHUP);
    }
    for &signal in &ending {
        let exit_immediately = Arc::clone(&EXIT_IMMEDIATELY);
        let _ = flag::register_conditional_shutdown(signal, code(signal), exit_immediately);
    }
    // With a handler, a write beyond the file size limit of this process fails. Without a
    // handler, it ends the process.
    let _ = flag::register(FILE_SIZE, Arc::default());
    let Ok(mut signals) = Signals::new(&ending) else {
        return;
    };
    let _ = HANDLE.set(signals.handle());
    let receive_all = move || signals.forever().for_each(receive);
    let thread = thread::Builder::new()
        .name("signals".into())
        .spawn(receive_all);
    EXIT_IMMEDIATELY.store(thread.is_err(), Ordering::SeqCst);
}

/// Passes a request to the command that takes it, or ends this process.
fn receive(signal: i32) {
    let mut state = STATE.lock();
    let reload = state.target.as_ref().and_then(|it| it.reload.as_ref());
    if let (SIGHUP, Some(reload)) = (signal, reload) {
        return reload.notify_one();
    }
    let first = state.first;
    if first.is_some_and(|until| Instant::now() < until) {
        return;
    }
    match &state.target {
        Some(target) if signal != SIGHUP && first.is_none() => {
            target.stop.cancel();
            let until = Instant::now() + target.one_request;
            state.first = Some(until);
        }
        Some(target) if signal != SIGHUP => {
            let one_request = target.one_request.min(EXIT_TIMEOUT);
            target.again.send_replace(Some(signal));
            drop(state);
            // Meanwhile, the command reports the abandoned work, and ends the process. A signal
            // that repeats this request must not end it before the report, so the next signal
            // ends the process immediately only after the period of one request.
            thread::sleep(one_request);
            EXIT_IMMEDIATELY.store(true, Ordering::SeqCst);
            // The report may block on a stalled terminal, so its time is limited. No event
            // ends this wait early: the command ends the process when it has reported.
            thread::sleep(EXIT_TIMEOUT.saturating_sub(one_request));
            let _nothing_new = unfinished::remove_all();
            low_level::exit(code(signal))
        }
        _ => end(signal),
    }
}

/// Ends this process as the signal would without a handler, and removes temporary files.
/// Output is not flushed, because its reader may be the reason why the process waits.
fn end(signal: i32) -> ! {
    // The next signal does not wait for a disk that does not respond.
    EXIT_IMMEDIATELY.store(true, Ordering::SeqCst);
    let _nothing_new = unfinished::remove_all();
    // Shells check which signal ended a command. The first process of a container does not
    // end by its own signal.
    if process::id() != 1 {
        let _ = low_level::emulate_default_handler(signal);
    }
    low_level::exit(code(signal))
}

/// Exit code of a process that a signal ended, as shells report it.
pub(crate) const fn code(signal: i32) -> i32 {
    128 + signal
}

/// Whether the parent process set a signal to be ignored, as `nohup` does.
fn is_ignored(signal: i32) -> bool {
    let status = Process::myself().and_then(|this| this.status());
    status.is_ok_and(|status| status.sigign >> (signal - 1) & 1 == 1)
}

/// Stop and reload requests for a command. When this value is dropped, signals end the
/// process again.
pub(crate) struct Requests {
    stop: CancellationToken,
    again: watch::Receiver<Option<i32>>,
    reload: Arc<Notify>,
}

impl Requests {
    /// Takes the requests of this process. Without `reloads`, SIGHUP ends the process. Stop
    /// requests within `one_request` of the first or the second one count as the same
    /// request.
    pub(crate) fn take(reloads: bool, one_request: Duration) -> io::Result<Self> {
        let (asked_again, again) = watch::channel(None);
        let this = Self {
            stop: CancellationToken::new(),
            again,
            reload: Arc::default(),
        };
        STATE.lock().target = Some(RequestTarget {
            stop: this.stop.clone(),
            again: asked_again,
            reload: reloads.then(|| Arc::clone(&this.reload)),
            one_request,
        });
        // SIGHUP may have been ignored until now.
        if let (true, Some(handle)) = (reloads, HANDLE.get()) {
            handle.add_signal(SIGHUP)?;
        }
        Ok(this)
    }

    /// Token that is canceled at the first stop request.
    pub(crate) const fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Notified of each reload request. Requests before the next wait count as one.
    pub(crate) const fn reload(&self) -> &Arc<Notify> {
        &self.reload
    }

    /// Waits for the second stop request, and returns its signal. The process ends one
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
        STATE.lock().target = None;
    }
}

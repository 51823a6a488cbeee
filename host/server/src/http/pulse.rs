//! The progress of a connection, and its time limits.

use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::HttpLimits;
use super::held_pages::Reader;

/// The progress of a connection, which determines its deadline.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    state: Mutex<PulseState>,
    evicted: Notify,
}

#[derive(Debug)]
struct PulseState {
    /// Start of the wait for a complete request.
    waiting: Instant,
    /// Whether an earlier request was received.
    has_request: bool,
    /// Arrival of the first byte of the next request.
    heard: Option<Instant>,
    /// Arrival of the request that is being answered.
    answering: Option<Instant>,
    /// Time since which an answer is available to the client and not completely read.
    readable: Option<Instant>,
    /// Pages in memory that the client reads.
    reads: Vec<PageReader>,
    /// Whether hyper has taken the complete answer.
    handed_over: bool,
    /// Whether bytes of the next request were received.
    ahead: bool,
    /// Time since which the client reads nothing.
    stalled: Option<Instant>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            born: now,
            state: Mutex::new(PulseState {
                waiting: now,
                has_request: false,
                heard: None,
                answering: None,
                readable: None,
                reads: Vec::new(),
                handed_over: false,
                ahead: false,
                stalled: None,
            }),
            evicted: Notify::new(),
        }
    }

    /// Time at which the connection is closed without further progress.
    pub(super) fn deadline(&self, limits: &HttpLimits) -> Instant {
        let state = self.state.lock();
        let doing = match (state.answering, state.heard) {
            (Some(since), _) => since + limits.answer,
            (None, Some(since)) => since + limits.head,
            (None, None) if state.has_request => state.waiting + limits.idle,
            (None, None) => state.waiting + limits.head,
        };
        match state.stalled {
            Some(since) => doing.min(since + limits.stalled),
            None => doing,
        }
    }

    /// Time since which the connection waits for a request; `None` while it answers one.
    pub(super) fn waiting(&self) -> Option<Instant> {
        let state = self.state.lock();
        state.answering.is_none().then_some(state.waiting)
    }

    /// Time since which an answer is available to the client.
    pub(super) fn reading(&self) -> Option<Instant> {
        self.state.lock().readable
    }

    /// Time since which the client reads a page in memory.
    pub(super) fn reads_held_page(&self) -> Option<Instant> {
        let state = self.state.lock();
        state.readable.filter(|_| !state.reads.is_empty())
    }

    pub(super) fn is_old(&self, limits: &HttpLimits) -> bool {
        self.born.elapsed() >= limits.age
    }

    /// Closes the connection, so that another one can take its slot.
    pub(super) fn evict(&self) {
        self.state.lock().reads.clear();
        self.evicted.notify_one();
    }

    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Bytes were received.
    pub(super) fn heard(&self) {
        let mut state = self.state.lock();
        match state.answering {
            Some(_) => state.ahead = true,
            None => drop(state.heard.get_or_insert_with(Instant::now)),
        }
    }

    /// The head of a request is complete. If the previous answer is not written yet, its
    /// time limit continues.
    pub(super) fn asked(&self) {
        let mut state = self.state.lock();
        state.answering.get_or_insert_with(Instant::now);
        (state.heard, state.has_request, state.handed_over) = (None, true, false);
    }

    /// An answer is available. If the previous answer is not read yet, its time limit
    /// continues.
    pub(super) fn answered(&self, reads: Option<PageReader>) {
        let mut state = self.state.lock();
        state.readable.get_or_insert_with(Instant::now);
        state.reads.extend(reads);
    }

    pub(super) fn handed_over(&self) {
        self.state.lock().handed_over = true;
    }

    /// The client read some bytes, or could not read any.
    pub(super) fn wrote(&self, some: bool) {
        let mut state = self.state.lock();
        if some {
            state.stalled = None;
        } else {
            state.stalled.get_or_insert_with(Instant::now);
        }
    }

    /// All bytes were written.
    pub(super) fn flushed(&self) {
        let mut state = self.state.lock();
        state.stalled = None;
        if state.answering.is_some() && state.handed_over {
            let now = Instant::now();
            (state.answering, state.readable, state.waiting) = (None, None, now);
            state.reads.clear();
            state.heard = std::mem::take(&mut state.ahead).then_some(now);
        }
    }
}

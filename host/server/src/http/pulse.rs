//! The progress of a connection, and its time limits.

use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::Limits;
use super::held::Reader;

/// What a connection does, and until when it may.
#[derive(Debug)]
pub(super) struct Pulse {
    born: Instant,
    state: Mutex<State>,
    evicted: Notify,
}

#[derive(Debug)]
struct State {
    /// Since when it waits for a request that has not been read in full.
    waiting: Instant,
    /// Whether a request came before.
    kept: bool,
    /// When the first byte of the next request came.
    heard: Option<Instant>,
    /// When the request came that is being answered.
    answering: Option<Instant>,
    /// Since when the client can read an answer, and has not read all of it.
    readable: Option<Instant>,
    /// What it reads of what takes room.
    reads: Vec<Reader>,
    /// Whether that answer is in the hands of whoever writes it.
    handed_over: bool,
    /// Whether something came that belongs to the request after that.
    ahead: bool,
    /// Since when the client takes nothing.
    stalled: Option<Instant>,
}

impl Pulse {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            born: now,
            state: Mutex::new(State {
                waiting: now,
                kept: false,
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

    /// When it is closed if nothing happens.
    pub(super) fn deadline(&self, limits: &Limits) -> Instant {
        let state = self.state.lock();
        let doing = match (state.answering, state.heard) {
            (Some(since), _) => since + limits.answer,
            (None, Some(since)) => since + limits.head,
            (None, None) if state.kept => state.waiting + limits.idle,
            (None, None) => state.waiting + limits.head,
        };
        match state.stalled {
            Some(since) => doing.min(since + limits.stalled),
            None => doing,
        }
    }

    /// Since when it waits for a request; `None` while it answers one.
    pub(super) fn waiting(&self) -> Option<Instant> {
        let state = self.state.lock();
        state.answering.is_none().then_some(state.waiting)
    }

    /// Since when its client reads an answer, or should.
    pub(super) fn reading(&self) -> Option<Instant> {
        self.state.lock().readable
    }

    /// The same, if what it reads takes room.
    pub(super) fn takes_room(&self) -> Option<Instant> {
        let state = self.state.lock();
        state.readable.filter(|_| !state.reads.is_empty())
    }

    pub(super) fn is_old(&self, limits: &Limits) -> bool {
        self.born.elapsed() >= limits.age
    }

    /// Makes place for another one.
    pub(super) fn evict(&self) {
        self.state.lock().reads.clear();
        self.evicted.notify_one();
    }

    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Some bytes came.
    pub(super) fn heard(&self) {
        let mut state = self.state.lock();
        match state.answering {
            Some(_) => state.ahead = true,
            None => drop(state.heard.get_or_insert_with(Instant::now)),
        }
    }

    /// A request's head is there. If the answer before it is not written yet, that
    /// one's time counts on.
    pub(super) fn asked(&self) {
        let mut state = self.state.lock();
        state.answering.get_or_insert_with(Instant::now);
        (state.heard, state.kept, state.handed_over) = (None, true, false);
    }

    /// An answer is there. If the one before it is not read yet, that one's time counts
    /// on.
    pub(super) fn answered(&self, reads: Option<Reader>) {
        let mut state = self.state.lock();
        state.readable.get_or_insert_with(Instant::now);
        state.reads.extend(reads);
    }

    pub(super) fn handed_over(&self) {
        self.state.lock().handed_over = true;
    }

    /// The client took something, or could not take anything.
    pub(super) fn wrote(&self, some: bool) {
        let mut state = self.state.lock();
        if some {
            state.stalled = None;
        } else {
            state.stalled.get_or_insert_with(Instant::now);
        }
    }

    /// Nothing is left to be written.
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

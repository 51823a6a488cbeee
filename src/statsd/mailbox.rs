use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::StatsdStatus;
use super::counts::Counts;
use super::datagram::Datagram;
use super::queue::Queue;
use crate::Event;

/// Records are taken.
const OPEN: u8 = 0;
/// No more are taken, and those that are queued are sent.
const CLOSED: u8 = 1;
/// Those that are queued are dropped.
const OVER: u8 = 2;

/// An hour: nobody who leaves waits for longer.
const LONGEST: Duration = Duration::from_secs(3600);

/// What whoever records and the worker have between them. It books what becomes of
/// each record, once.
#[derive(Debug)]
pub(super) struct Mailbox {
    queue: Queue,
    counts: Counts,
    phase: AtomicU8,
    hand: Mutex<Hand>,
    idle: Condvar,
    closing: Condvar,
    /// When the worker stops sending, where nobody waits for it.
    end: OnceLock<Instant>,
}

/// What the worker has taken out of the queue. Nobody holds its lock while something
/// is sent, and nobody who records takes it.
#[derive(Debug, Default)]
struct Hand {
    /// In the datagram that is being sent.
    records: u64,
    /// Did not fit into that one, and comes first in the next.
    next: Option<Event>,
    /// The worker has ended.
    idle: bool,
}

impl Mailbox {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            queue: Queue::new(capacity),
            counts: Counts::default(),
            phase: AtomicU8::new(OPEN),
            hand: Mutex::default(),
            idle: Condvar::new(),
            closing: Condvar::new(),
            end: OnceLock::new(),
        }
    }

    pub(super) fn post(&self, event: Event) {
        let number = self.counts.accept(1) + 1;
        if self.is(CLOSED) {
            self.counts.drop_at_the_end(1);
        } else if !self.queue.push(event, number) {
            self.counts.drop_for_want_of_room(1);
        }
        self.sweep_if_over();
    }

    pub(super) fn post_all(&self, events: &[Event]) {
        let records = events.len() as u64;
        let before = self.counts.accept(records);
        if self.is(CLOSED) {
            self.counts.drop_at_the_end(records);
        } else {
            let refused = self.queue.push_all(events, before);
            self.counts.drop_for_want_of_room(refused);
        }
        self.sweep_if_over();
    }

    pub(super) fn status(&self) -> StatsdStatus {
        StatsdStatus {
            queued: self.queue.len(),
            queue: self.queue.capacity(),
            ..self.counts.status()
        }
    }

    pub(super) fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Takes no more records, and gives the worker so long to send the others. Returns
    /// whether it has ended.
    pub(super) fn close(&self, within: Duration) -> bool {
        self.no_more();
        let hand = self.hand();
        let waited = self
            .idle
            .wait_timeout_while(hand, within, |hand| !hand.idle);
        let (hand, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let idle = hand.idle;
        drop(hand);
        self.end();
        idle
    }

    /// Takes no more records, and gives the worker so long to send the others, without
    /// waiting for it.
    pub(super) fn leave(&self, within: Duration) {
        // Whoever was first has said when.
        self.end
            .get_or_init(|| Instant::now() + within.min(LONGEST));
        self.no_more();
    }

    /// Takes no more records: the worker sends the others, and ends.
    fn no_more(&self) {
        self.phase.fetch_max(CLOSED, Ordering::SeqCst);
        self.queue.wake();
        // Whoever looks at the phase while holding this lock misses nothing.
        drop(self.hand());
        self.closing.notify_all();
    }

    /// Waits for so long, or until no more records are taken. Returns whether that is
    /// so. For the worker alone.
    pub(super) fn pause(&self, most: Duration) -> bool {
        let waited = self
            .closing
            .wait_timeout_while(self.hand(), most, |_| !self.is(CLOSED));
        drop(waited.unwrap_or_else(PoisonError::into_inner));
        self.is(CLOSED)
    }

    /// Waits until there are records to send: a while after the first of them, or when
    /// there are many. False when there will be none. For the worker alone.
    pub(super) fn wait(&self, gather: Duration) -> bool {
        loop {
            self.queue.some(|| self.is(CLOSED));
            // It may have been woken for a record that it has sent already.
            if self.queue.len() > 0 {
                self.queue.many(gather, || self.is(CLOSED));
                return true;
            }
            if self.is(CLOSED) {
                return false;
            }
        }
    }

    /// Takes as many records as fit. False when there are none. For the worker alone,
    /// who sends them and then says how that went.
    pub(super) fn take(&self, datagram: &mut Datagram) -> bool {
        let mut hand = self.hand();
        if self.is(OVER) || self.end.get().is_some_and(|end| *end <= Instant::now()) {
            return false;
        }
        while let Some(event) = hand.next.take().or_else(|| self.queue.pop()) {
            if !datagram.add(event) {
                hand.next = Some(event);
                break;
            }
        }
        hand.records = datagram.records();
        hand.records > 0
    }

    /// Books the records that were taken last, unless it is over: then they are booked.
    pub(super) fn settle(&self, sent: bool) {
        let mut hand = self.hand();
        let records = std::mem::take(&mut hand.records);
        if sent {
            self.counts.deliver(records);
        } else {
            self.counts.drop_unsent(records);
        }
    }

    /// The worker has ended, and wakes who waits for that.
    pub(super) fn retire(&self) {
        self.end();
        self.hand().idle = true;
        self.idle.notify_all();
    }

    /// Drops all that is left, wherever it is.
    fn end(&self) {
        let mut hand = self.hand();
        self.phase.store(OVER, Ordering::SeqCst);
        let next = u64::from(hand.next.take().is_some());
        let records = std::mem::take(&mut hand.records);
        self.counts.drop_at_the_end(records + next);
        drop(hand);
        self.sweep_if_over();
    }

    /// A record may be pushed behind the last look into the queue, by somebody who
    /// found it open. Its push comes before this look at the phase, and the phase
    /// changes before that last look: one of the two sweeps it up.
    fn sweep_if_over(&self) {
        while self.is(OVER) && self.queue.pop().is_some() {
            self.counts.drop_at_the_end(1);
        }
    }

    /// Whether it has come so far.
    fn is(&self, phase: u8) -> bool {
        self.phase.load(Ordering::SeqCst) >= phase
    }

    /// It stays whole when a thread panics: nothing leaves it half-changed.
    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::super::{StatsdDialect, StatsdDrops};
    use super::*;
    use crate::RunnerType;

    const EVENT: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    fn datagram() -> Datagram {
        Datagram::new(&Lines::new(StatsdDialect::Plain, "", &[]))
    }

    fn drops(queue_full: u64, send_failed: u64, shut_down: u64) -> StatsdDrops {
        StatsdDrops {
            queue_full,
            send_failed,
            shut_down,
        }
    }

    #[test]
    fn what_finds_no_room_is_counted_and_takes_none() {
        let mailbox = Mailbox::new(2);
        mailbox.post_all(&[EVENT; 3]);
        mailbox.post(EVENT);
        let status = mailbox.status();
        assert_eq!((status.queued, status.queue), (2, 2));
        assert_eq!((status.accepted, status.in_flight()), (4, 2));
        assert_eq!(status.dropped, drops(2, 0, 0));
    }

    #[test]
    fn what_was_sent_and_what_was_not_is_booked_as_such() {
        let mailbox = Mailbox::new(8);
        for sent in [true, false] {
            mailbox.post_all(&[EVENT; 3]);
            assert!(mailbox.take(&mut datagram()));
            assert_eq!(mailbox.status().in_flight(), 3);
            mailbox.settle(sent);
        }
        let status = mailbox.status();
        assert_eq!((status.delivered, status.in_flight()), (3, 0));
        assert_eq!(status.dropped, drops(0, 3, 0));
    }

    #[test]
    fn the_end_does_not_wait_for_a_send_that_hangs_and_books_its_records_once() {
        let mailbox = Mailbox::new(8_192);
        mailbox.post_all(&[EVENT; 5_000]);
        assert!(mailbox.take(&mut datagram()));
        assert!(!mailbox.close(Duration::ZERO));
        let status = mailbox.status();
        assert_eq!(
            (status.in_flight(), status.dropped),
            (0, drops(0, 0, 5_000))
        );
        // Now it comes back.
        mailbox.settle(true);
        assert!(!mailbox.take(&mut datagram()));
        assert!(!mailbox.wait(Duration::ZERO));
        mailbox.retire();
        mailbox.post(EVENT);
        assert!(mailbox.close(Duration::MAX));
        let status = mailbox.status();
        assert_eq!((status.accepted, status.delivered), (5_001, 0));
        assert_eq!(
            (status.in_flight(), status.dropped),
            (0, drops(0, 0, 5_001))
        );
    }

    #[test]
    fn whoever_leaves_does_not_wait_and_the_worker_stops_in_time() {
        let mailbox = Mailbox::new(8);
        mailbox.post_all(&[EVENT; 3]);
        assert!(mailbox.take(&mut datagram()));
        mailbox.leave(Duration::ZERO);
        // A send is under way, and nobody has waited for it.
        assert_eq!(mailbox.status().in_flight(), 3);
        assert!(mailbox.pause(Duration::MAX));
        mailbox.settle(false);
        mailbox.queue.push(EVENT, 4);
        mailbox.counts.accept(1);
        assert!(!mailbox.take(&mut datagram()));
        mailbox.retire();
        assert_eq!(mailbox.status().in_flight(), 0);
        assert_eq!(mailbox.status().dropped, drops(0, 3, 1));
    }

    #[test]
    fn a_record_that_was_pushed_behind_the_end_is_swept_up() {
        let mailbox = Mailbox::new(8);
        mailbox.retire();
        // Somebody found it open before.
        mailbox.counts.accept(1);
        assert!(mailbox.queue.push(EVENT, 1));
        mailbox.post(EVENT);
        let status = mailbox.status();
        assert_eq!((status.queued, status.in_flight()), (0, 0));
        assert_eq!(status.dropped, drops(0, 0, 2));
    }
}

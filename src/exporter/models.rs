//! Models of the queue, which `make loom` checks against every interleaving of threads.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use loom::thread;

use super::queue::Queue;
use crate::sync::Ordering;
use crate::sync::modelled::{AtomicAccess, weakened};
use crate::sync::waiting::block_on;
use crate::{DropReason, Event, RunnerType};

const EVENT: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

/// A worker that is never woken is a deadlock, which the model reports.
fn a_record_and_a_rest() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record(EVENT))
        };
        block_on(queue.some());
        while queue.pop().is_none() {
            block_on(queue.some());
        }
        assert!(recording.join().is_ok());
    });
}

#[test]
fn a_record_reaches_a_worker_that_goes_to_rest_meanwhile() {
    a_record_and_a_rest();
}

#[test]
#[should_panic(expected = "deadlock")]
fn the_model_finds_a_weaker_announcement_of_the_rest() {
    weakened(
        "wakeup.rs",
        AtomicAccess::Store,
        Ordering::Release,
        a_record_and_a_rest,
    );
}

#[test]
#[should_panic(expected = "deadlock")]
fn the_model_finds_a_weaker_check_for_a_resting_worker() {
    weakened(
        "wakeup.rs",
        AtomicAccess::Load,
        Ordering::Acquire,
        a_record_and_a_rest,
    );
}

/// With three threads, a full search takes hours. Therefore each execution may switch threads
/// three times where no thread has to wait.
#[test]
fn each_of_two_threads_records_reaches_the_worker() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record(EVENT))
        });
        let mut taken = 0;
        while taken < 2 {
            block_on(queue.some());
            while queue.pop().is_some() {
                taken += 1;
            }
        }
        queue.deliver(taken);
        for thread in recording {
            assert!(thread.join().is_ok());
        }
        let ledger = queue.ledger().snapshot();
        assert_eq!((ledger.accepted(), ledger.delivered()), (2, 2));
    });
}

#[test]
fn a_batch_ends_a_lingering_of_the_worker() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record_batch(&[EVENT; 2]))
        };
        block_on(queue.batch());
        assert!(recording.join().is_ok());
        assert_eq!(queue.len(), 2);
    });
}

#[test]
fn a_full_queue_ends_a_lingering_of_the_worker() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(1, 4));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                queue.record(EVENT);
                queue.record(EVENT);
            })
        };
        block_on(queue.batch());
        assert!(recording.join().is_ok());
        let ledger = queue.ledger().snapshot();
        assert_eq!(ledger.dropped(DropReason::QueueFull), 1);
    });
}

/// The worker rests, leaves the rest for another event, and rests again.
#[test]
fn a_record_reaches_a_worker_that_rests_again() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record(EVENT))
        };
        {
            let mut given_up = pin!(queue.some());
            let waker = std::task::Waker::noop();
            let polled = given_up.as_mut().poll(&mut Context::from_waker(waker));
            assert!(matches!(polled, Poll::Pending | Poll::Ready(())));
        }
        block_on(queue.some());
        while queue.pop().is_none() {
            block_on(queue.some());
        }
        assert!(recording.join().is_ok());
    });
}

/// Either the ending thread or the recording thread drops the record, and only one of them
/// does.
fn an_end_amid_records() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record(EVENT))
        };
        queue.end();
        assert!(recording.join().is_ok());
        let ledger = queue.ledger().snapshot();
        assert_eq!(
            (ledger.accepted(), ledger.in_flight()),
            (1, 0),
            "left behind"
        );
        assert_eq!(ledger.dropped(DropReason::ShutDown), 1);
    });
}

#[test]
fn an_end_amid_records_leaves_none_behind() {
    an_end_amid_records();
}

#[test]
#[should_panic(expected = "left behind")]
fn the_model_finds_weaker_checks_after_a_push() {
    weakened(
        "src/exporter/",
        AtomicAccess::Load,
        Ordering::Acquire,
        an_end_amid_records,
    );
}

/// A provider's worker ends as soon as no record is in flight after the queue was closed.
fn a_close_amid_a_record() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record(EVENT))
        };
        queue.close();
        let nothing_left = queue.ledger().snapshot().in_flight() == 0;
        let taken = queue.len();
        assert!(recording.join().is_ok());
        assert!(!nothing_left || queue.len() == taken, "queued later");
    });
}

#[test]
fn a_closed_queue_without_records_in_flight_gets_no_record() {
    a_close_amid_a_record();
}

#[test]
#[should_panic(expected = "queued later")]
fn the_model_finds_a_weaker_read_of_the_accepted_records() {
    weakened(
        "ledger/counters.rs",
        AtomicAccess::Load,
        Ordering::Acquire,
        a_close_amid_a_record,
    );
}

#[test]
#[should_panic(expected = "queued later")]
fn the_model_finds_a_weaker_acceptance_of_a_record() {
    weakened(
        "shared_writer.rs",
        AtomicAccess::Update,
        Ordering::AcqRel,
        a_close_amid_a_record,
    );
}

/// A record that one thread accepts and another thread delivers.
///
/// `loom` remembers one access to each atomic, and a load hides the load of another thread
/// before it. Therefore the reader is the thread that `loom` starts last.
fn a_reader_amid_a_delivery() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(2, 1));
        let working = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                if queue.pop().is_some() {
                    queue.deliver(1);
                }
            })
        };
        let reading = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let ledger = queue.ledger().snapshot();
                assert!(ledger.delivered() <= ledger.accepted(), "not accepted");
            })
        };
        queue.record(EVENT);
        for thread in [working, reading] {
            assert!(thread.join().is_ok());
        }
    });
}

#[test]
fn a_reader_sees_each_delivered_record_as_accepted() {
    a_reader_amid_a_delivery();
}

#[test]
#[should_panic(expected = "not accepted")]
fn the_model_finds_a_relaxed_delivery() {
    weakened(
        "shared_writer.rs",
        AtomicAccess::Update,
        Ordering::Relaxed,
        a_reader_amid_a_delivery,
    );
}

/// The worker accounts for the records that it has taken out, and the end for the others.
#[test]
fn an_end_leaves_taken_records_to_the_worker() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record_batch(&[EVENT; 2]))
        };
        let ending = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.end())
        };
        if queue.pop().is_some() {
            queue.deliver(1);
        }
        for thread in [recording, ending] {
            assert!(thread.join().is_ok());
        }
        let ledger = queue.ledger().snapshot();
        assert_eq!((ledger.accepted(), ledger.in_flight()), (2, 0));
    });
}

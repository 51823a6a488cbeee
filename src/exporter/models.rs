//! Models of the queue, which `make loom` checks against every interleaving of threads.

use std::pin::pin;
use std::task::{Context, Poll};

use loom::future::block_on;
use loom::sync::Arc;
use loom::thread;

use super::queue::Queue;
use crate::{DropReason, Event, RunnerType};

const EVENT: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

/// A worker that is never woken is a deadlock, which the model reports.
#[test]
fn a_record_reaches_a_worker_that_goes_to_rest_meanwhile() {
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
#[test]
fn an_end_amid_records_leaves_none_behind() {
    loom::model(|| {
        let queue = Arc::new(Queue::new(4, 2));
        let recording = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.record(EVENT))
        };
        queue.end();
        assert!(recording.join().is_ok());
        let ledger = queue.ledger().snapshot();
        assert_eq!((ledger.accepted(), ledger.in_flight()), (1, 0));
        assert_eq!(ledger.dropped(DropReason::ShutDown), 1);
    });
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

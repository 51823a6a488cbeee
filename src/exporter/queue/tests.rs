//! Tests of the queue.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use super::*;
use crate::RunnerType;

const EVENT: Event = Event::TaskStarted {
    runner: RunnerType::Wasm,
};

fn ready(future: Pin<&mut impl Future<Output = ()>>) -> bool {
    let mut context = Context::from_waker(Waker::noop());
    future.poll(&mut context) == Poll::Ready(())
}

fn dropped(queue: &Queue, reason: DropReason) -> u64 {
    queue.ledger().snapshot().dropped(reason)
}

fn in_flight(queue: &Queue) -> u64 {
    queue.ledger().snapshot().in_flight()
}

#[test]
fn a_full_queue_takes_no_more() {
    let queue = Queue::new(2, 1_024);
    (0..3).for_each(|_| queue.record(EVENT));
    assert_eq!((queue.len(), queue.capacity()), (2, 2));
    assert_eq!(dropped(&queue, DropReason::QueueFull), 1);
    assert_eq!(in_flight(&queue), 2);
}

#[test]
fn a_queue_has_a_capacity_of_at_least_one() {
    assert_eq!(Queue::new(0, 0).capacity(), 1);
}

#[test]
fn the_first_record_wakes_a_worker_that_is_parked() {
    let queue = Queue::new(8, 4);
    let mut parked = pin!(queue.some());
    assert!(!ready(parked.as_mut()));
    queue.record(EVENT);
    assert!(ready(parked.as_mut()));
}

#[test]
fn a_batch_wakes_a_worker_that_lingers_and_fewer_records_do_not() {
    let queue = Queue::new(8, 4);
    let mut lingering = pin!(queue.batch());
    assert!(!ready(lingering.as_mut()));
    for number in 1..4 {
        queue.record(EVENT);
        assert!(!ready(lingering.as_mut()), "{number}");
    }
    queue.record(EVENT);
    assert!(ready(lingering.as_mut()));
}

#[test]
fn a_full_queue_wakes_a_worker_that_lingers() {
    let queue = Queue::new(2, 1_024);
    let mut lingering = pin!(queue.batch());
    assert!(!ready(lingering.as_mut()));
    queue.record(EVENT);
    queue.record(EVENT);
    assert!(!ready(lingering.as_mut()));
    queue.record(EVENT);
    assert!(ready(lingering.as_mut()));
}

#[test]
fn a_batch_fills_the_remaining_capacity() {
    let queue = Queue::new(3, 1_024);
    queue.record_batch(&[EVENT; 2]);
    assert_eq!(dropped(&queue, DropReason::QueueFull), 0);
    queue.record_batch(&[EVENT; 5]);
    assert_eq!(dropped(&queue, DropReason::QueueFull), 4);
    queue.record_batch(&[]);
    assert_eq!((queue.len(), in_flight(&queue)), (3, 3));
}

#[test]
fn a_batch_without_bounds_is_the_largest_that_there_is() {
    let queue = Queue::new(4, usize::MAX);
    queue.record(EVENT);
    queue.record_batch(&[EVENT; 2]);
    assert_eq!(queue.len(), 3);
}

#[test]
fn many_records_wake_a_worker_that_is_parked() {
    let queue = Queue::new(8, 4);
    let mut parked = pin!(queue.some());
    assert!(!ready(parked.as_mut()));
    queue.record_batch(&[EVENT; 2]);
    assert!(ready(parked.as_mut()));
}

/// A batch has four records here. The queue counts records in the same way, alone or in a
/// batch.
#[test]
fn many_records_wake_a_worker_that_lingers_where_single_ones_do() {
    for before in 0..9 {
        for records in 0..9_u64 {
            let (single, together) = (Queue::new(32, 4), Queue::new(32, 4));
            for queue in [&single, &together] {
                queue.record_batch(&vec![EVENT; before]);
                queue.drop_queued(DropReason::Sampled);
            }
            let (mut one, mut other) = (pin!(single.batch()), pin!(together.batch()));
            assert!(!ready(one.as_mut()) && !ready(other.as_mut()));
            (0..records).for_each(|_| single.record(EVENT));
            together.record_batch(&vec![EVENT; records as usize]);
            let woken = ready(one.as_mut());
            assert_eq!(ready(other.as_mut()), woken, "{records} after {before}");
            let before = before as u64;
            assert_eq!(woken, before / 4 < (before + records) / 4);
        }
    }
}

#[test]
fn a_batch_at_a_full_queue_wakes_a_worker_that_lingers() {
    let queue = Queue::new(2, 1_024);
    let mut lingering = pin!(queue.batch());
    assert!(!ready(lingering.as_mut()));
    queue.record_batch(&[EVENT; 2]);
    assert!(!ready(lingering.as_mut()));
    queue.record_batch(&[EVENT; 2]);
    assert!(ready(lingering.as_mut()));
}

/// Notes the length of the queue at each wake-up.
struct Noting(Arc<Queue>, Mutex<Vec<usize>>);

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        let mut noted = self.1.lock().unwrap_or_else(PoisonError::into_inner);
        noted.push(self.0.len());
    }
}

#[test]
fn a_worker_is_woken_once_by_many_records_and_finds_a_whole_batch() {
    for (records, found) in [(1, 1), (3, 3), (4, 4), (5, 4), (13, 4)] {
        let queue = Arc::new(Queue::new(16, 4));
        let noting = Arc::new(Noting(queue.clone(), Mutex::default()));
        let mut parked = pin!(queue.some());
        let waker = Waker::from(noting.clone());
        let polled = parked.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending);
        queue.record_batch(&vec![EVENT; records]);
        let noted = noting.1.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(*noted, [found], "{records}");
    }
}

#[test]
fn a_worker_that_finds_records_does_not_rest() {
    let queue = Queue::new(8, 4);
    queue.record(EVENT);
    assert!(ready(pin!(queue.some())));
    (2..5).for_each(|_| queue.record(EVENT));
    assert!(ready(pin!(queue.batch())));
}

#[test]
fn a_worker_that_something_else_has_woken_is_not_woken_once_more() {
    let queue = Arc::new(Queue::new(8, 4));
    let noting = Arc::new(Noting(queue.clone(), Mutex::default()));
    let waker = Waker::from(noting.clone());
    {
        let mut parked = pin!(queue.some());
        let polled = parked.as_mut().poll(&mut Context::from_waker(&waker));
        assert_eq!(polled, Poll::Pending);
    }
    queue.record(EVENT);
    let noted = noting.1.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(noted.is_empty(), "{noted:?}");
}

#[test]
fn an_open_circuit_drops_new_records_and_not_queued_ones() {
    let queue = Queue::new(8, 4);
    queue.record(EVENT);
    queue.open_circuit();
    queue.record(EVENT);
    queue.record_batch(&[EVENT; 2]);
    queue.close_circuit();
    queue.record(EVENT);
    assert_eq!(dropped(&queue, DropReason::CircuitOpen), 3);
    assert_eq!((queue.len(), in_flight(&queue)), (2, 2));
}

#[test]
fn a_closed_queue_retains_queued_records_and_stays_closed() {
    let queue = Queue::new(8, 4);
    queue.record(EVENT);
    queue.close();
    queue.close_circuit();
    queue.record(EVENT);
    queue.open_circuit();
    queue.record_batch(&[EVENT; 2]);
    assert_eq!(dropped(&queue, DropReason::ShutDown), 3);
    assert_eq!((queue.len(), in_flight(&queue)), (1, 1));
}

#[test]
fn an_ended_queue_has_dropped_everything() {
    let queue = Queue::new(8, 4);
    queue.record(EVENT);
    queue.end();
    queue.close();
    queue.record(EVENT);
    assert!(queue.is_over() && queue.is_empty());
    assert_eq!(dropped(&queue, DropReason::ShutDown), 2);
    assert_eq!(in_flight(&queue), 0);
}

#[test]
fn a_record_that_was_pushed_behind_the_end_is_swept_up() {
    let queue = Queue::new(8, 4);
    queue.end();
    // A thread found the queue open before its end, and pushes now.
    queue.ledger.accept(1);
    assert!(queue.events.push(EVENT).is_ok());
    queue.sweep_if_over();
    assert!(queue.is_empty());
    assert_eq!(in_flight(&queue), 0);
}

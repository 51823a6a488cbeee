//! The thread that sends.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use super::datagram::Datagram;
use super::lines::LineWriter;
use super::mailbox::Mailbox;
use super::target::{NotSent, StatsdTarget};
use crate::exporter::{ExportLog, Parker};

/// Sends the records of the mailbox, on its own thread.
pub(super) struct SendWorker {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) lines: LineWriter,
    pub(super) target: StatsdTarget,
    pub(super) gather: Duration,
    pub(super) log: ExportLog,
    /// Number of answered flushes.
    pub(super) answered: u64,
}

impl SendWorker {
    /// Runs until the mailbox is closed and empty, or until the last attempt fails.
    pub(super) fn run(mut self) {
        let retire = RetireOnDrop(Arc::clone(&self.mailbox));
        let parker = Parker::of_this_thread();
        let mut datagram = Datagram::new(&self.lines);
        while self.wait(&parker) && self.send_queued(&mut datagram, &parker) {}
        // The socket closes before any thread sees the end.
        drop(self);
        drop(retire);
    }

    /// Waits until there are records to send, or a flush to answer. After the first record,
    /// the wait continues for a while, or until a batch has come. Returns false at the end.
    fn wait(&self, parker: &Parker) -> bool {
        let (queue, orders) = (&self.mailbox.queue, &self.mailbox.orders);
        loop {
            parker.wait(queue.some(), orders.next(self.answered), Duration::MAX);
            // The worker may have been woken for a record that it has already sent.
            if !queue.is_empty() {
                parker.wait(queue.batch(), orders.next(self.answered), self.gather);
                return !self.mailbox.is_over();
            }
            let asked = orders.asked();
            if asked.flushes > self.answered && !self.mailbox.is_over() {
                return true;
            }
            if asked.end.is_some() {
                return false;
            }
        }
    }

    /// Sends queued records, and answers the flushes that were requested before. Returns
    /// false if the end came first.
    fn send_queued(&mut self, datagram: &mut Datagram, parker: &Parker) -> bool {
        // Read before the queue is emptied, so that the answer to a flush covers all records
        // from before the request.
        let asked = self.mailbox.orders.asked();
        let mut flushed = Ok(());
        while self.mailbox.take(datagram) {
            let text = datagram.take(&self.lines);
            match self.send(&text, parker) {
                SendOutcome::Whole => {}
                SendOutcome::Lost(why) => flushed = Err(why),
                SendOutcome::TooLate => return false,
            }
        }
        if self.mailbox.is_over() {
            return false;
        }
        if asked.flushes > self.answered {
            self.answer(asked.flushes, flushed);
        }
        true
    }

    /// Sends a datagram as soon as an address takes it. Records gather meanwhile.
    fn send(&mut self, datagram: &str, parker: &Parker) -> SendOutcome {
        let mut last = false;
        loop {
            match self.target.send(datagram.as_bytes()) {
                Ok(()) => {
                    self.log.succeeded();
                    self.mailbox.settle(Ok(()));
                    return SendOutcome::Whole;
                }
                Err(NotSent::Lost(error)) => {
                    let why = format!("cannot send: {error}");
                    self.log.failed(&why);
                    self.mailbox.settle(Err(why.clone()));
                    return SendOutcome::Lost(why);
                }
                Err(NotSent::Waits(why)) => {
                    let why = format!("cannot send: {why}");
                    self.log.failed(&why);
                    self.mailbox.failed(why.clone());
                    let asked = self.mailbox.orders.asked();
                    if asked.flushes > self.answered {
                        self.answer(asked.flushes, Err(why));
                    }
                    if last {
                        return SendOutcome::TooLate;
                    }
                    let next = self.mailbox.orders.next(self.answered);
                    parker.wait(next, pending(), self.target.pause());
                    // At the end there is one last attempt.
                    last = self.mailbox.orders.asked().end.is_some();
                }
            }
        }
    }

    fn answer(&mut self, flushes: u64, outcome: Result<(), String>) {
        self.answered = flushes;
        self.mailbox.orders.answer(flushes, outcome);
    }
}

/// Result of sending a datagram.
enum SendOutcome {
    Whole,
    /// The records of the datagram are lost, for this reason.
    Lost(String),
    /// The records of the datagram wait, and the end has come.
    TooLate,
}

/// Ends all waits when the worker ends, also by a panic.
struct RetireOnDrop(Arc<Mailbox>);

impl Drop for RetireOnDrop {
    fn drop(&mut self) {
        self.0.retire();
    }
}

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use super::datagram::Datagram;
use super::lines::Lines;
use super::mailbox::Mailbox;
use super::target::{NotSent, Target};
use crate::exporter::{ExportLog, Parker};

/// Sends what is in the mailbox, on a thread of its own.
pub(super) struct Worker {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) lines: Lines,
    pub(super) target: Target,
    pub(super) gather: Duration,
    pub(super) log: ExportLog,
    /// Flushes that it has answered.
    pub(super) answered: u64,
}

impl Worker {
    /// Until the mailbox is closed and empty, or its server is away at the end.
    pub(super) fn run(mut self) {
        let retire = Retire(Arc::clone(&self.mailbox));
        let parker = Parker::of_this_thread();
        let mut datagram = Datagram::new(&self.lines);
        while self.wait(&parker) && self.send_queued(&mut datagram, &parker) {}
        // The socket is closed before anybody hears of the end.
        drop(self);
        drop(retire);
    }

    /// Waits until there are records to send, a while after the first of them or when
    /// there are many, or a flush to answer. False when there will be none.
    fn wait(&self, parker: &Parker) -> bool {
        let (queue, orders) = (&self.mailbox.queue, &self.mailbox.orders);
        loop {
            parker.wait(queue.some(), orders.next(self.answered), Duration::MAX);
            // It may have been woken for a record that it has sent already.
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

    /// Sends what is queued, and answers the flushes that were asked for before. False if
    /// the end came first.
    fn send_queued(&mut self, datagram: &mut Datagram, parker: &Parker) -> bool {
        // Read before the queue is emptied: a flush is answered when all is sent that was
        // recorded before it.
        let asked = self.mailbox.orders.asked();
        let mut flushed = Ok(());
        while self.mailbox.take(datagram) {
            let text = datagram.take(&self.lines);
            match self.send(&text, parker) {
                Sent::Whole => {}
                Sent::Lost(why) => flushed = Err(why),
                Sent::TooLate => return false,
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

    /// Sends it, as soon as there is somewhere to. Records gather meanwhile.
    fn send(&mut self, datagram: &str, parker: &Parker) -> Sent {
        let mut last = false;
        loop {
            match self.target.send(datagram.as_bytes()) {
                Ok(()) => {
                    self.log.succeeded();
                    self.mailbox.settle(Ok(()));
                    return Sent::Whole;
                }
                Err(NotSent::Lost(error)) => {
                    let why = format!("cannot send: {error}");
                    self.log.failed(&why);
                    self.mailbox.settle(Err(why.clone()));
                    return Sent::Lost(why);
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
                        return Sent::TooLate;
                    }
                    let next = self.mailbox.orders.next(self.answered);
                    parker.wait(next, pending(), self.target.pause());
                    // At the end there is one attempt more.
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

/// What became of a datagram.
enum Sent {
    Whole,
    /// Its records are lost, for this reason.
    Lost(String),
    /// Its records wait, and the end has come.
    TooLate,
}

/// Nobody may wait for a worker that is gone, however it went.
struct Retire(Arc<Mailbox>);

impl Drop for Retire {
    fn drop(&mut self) {
        self.0.retire();
    }
}

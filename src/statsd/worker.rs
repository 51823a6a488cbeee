use std::sync::Arc;
use std::time::Duration;

use super::datagram::Datagram;
use super::lines::Lines;
use super::mailbox::Mailbox;
use super::target::{NotSent, Target};
use crate::export_log::ExportLog;

/// Sends what is in the mailbox, on a thread of its own.
pub(super) struct Worker {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) lines: Lines,
    pub(super) target: Target,
    pub(super) gather: Duration,
    pub(super) log: ExportLog,
}

impl Worker {
    /// Until the mailbox is closed and empty, or its server is away at the end.
    pub(super) fn run(mut self) {
        let retire = Retire(Arc::clone(&self.mailbox));
        let mut datagram = Datagram::new(&self.lines);
        'all: while self.mailbox.wait(self.gather) {
            while self.mailbox.take(&mut datagram) {
                let text = datagram.take(&self.lines);
                if !self.send(&text) {
                    break 'all;
                }
            }
        }
        // The socket is closed before anybody hears of the end.
        drop(self);
        drop(retire);
    }

    /// Sends it, as soon as there is somewhere to. Records gather meanwhile. False if
    /// the end came first.
    fn send(&mut self, datagram: &str) -> bool {
        let mut last = false;
        loop {
            let counts = self.mailbox.counts();
            counts.attempt();
            match self.target.send(datagram.as_bytes()) {
                Ok(()) => {
                    self.log.succeeded();
                    self.mailbox.settle(true);
                    return true;
                }
                Err(NotSent::Lost(error)) => {
                    let why = format!("cannot send: {error}");
                    self.log.failed(&why);
                    counts.fail(why);
                    self.mailbox.settle(false);
                    return true;
                }
                Err(NotSent::Waits(why)) => {
                    let why = format!("cannot send: {why}");
                    self.log.failed(&why);
                    counts.fail(why);
                    if last {
                        return false;
                    }
                    // At the end there is one attempt more.
                    last = self.mailbox.pause(self.target.pause());
                }
            }
        }
    }
}

/// Nobody may wait for a worker that is gone, however it went.
struct Retire(Arc<Mailbox>);

impl Drop for Retire {
    fn drop(&mut self) {
        self.0.retire();
    }
}

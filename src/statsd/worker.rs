use std::sync::Arc;
use std::time::Duration;

use super::datagram::Datagram;
use super::lines::Lines;
use super::mailbox::Mailbox;
use super::target::Target;

/// Sends what is in the mailbox, on a thread of its own.
pub(super) struct Worker {
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) lines: Lines,
    pub(super) target: Target,
    pub(super) gather: Duration,
}

impl Worker {
    /// Until the mailbox is closed and empty.
    pub(super) fn run(mut self) {
        let retire = Retire(Arc::clone(&self.mailbox));
        let mut datagram = Datagram::new(&self.lines);
        while self.mailbox.wait(self.gather) {
            while self.mailbox.take(&mut datagram) {
                let text = datagram.take(&self.lines);
                self.send(&text);
            }
        }
        // The socket is closed before anybody hears of the end.
        drop(self);
        drop(retire);
    }

    fn send(&mut self, datagram: &str) {
        let counts = self.mailbox.counts();
        if let Err(error) = self.target.renew() {
            counts.note(format!("cannot look the server up anew: {error}"));
        }
        counts.attempt();
        let sent = self.target.send(datagram);
        if let Err(error) = &sent {
            counts.fail(format!("cannot send: {error}"));
        }
        self.mailbox.settle(&sent);
    }
}

/// Nobody may wait for a worker that is gone, however it went.
struct Retire(Arc<Mailbox>);

impl Drop for Retire {
    fn drop(&mut self) {
        self.0.retire();
    }
}

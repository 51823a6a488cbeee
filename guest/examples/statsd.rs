//! A provider that sends its records to a statsd server, over UDP. It exports
//! `lifecycle` and `accounting`, and needs a grant for `wasi:sockets`.
//!
//! - `STATSD_ADDR`: address of the server; default `127.0.0.1:8125`. A name needs a
//!   host that resolves names.
//! - `STATSD_PREFIX`: prefix of every name; default `solti`. Valid characters are
//!   letters, digits, `_`, `.` and `-`. Other characters become `_`.
//!
//! Names have no tags, because the original server does not support them:
//! `solti.tasks_started.wasm`, `solti.tasks_completed.wasm.success`,
//! `solti.task_duration.wasm.success` and `solti.runner_errors.wasm.spawn_failed`.
//!
//! The provider collects records in a datagram. It sends the datagram when it is full,
//! when the host asks for discarded records (after each call with records), and on
//! `flush`. Before the first such call of the host, each record is sent at once.
//!
//! If a datagram cannot be sent, its records are lost and counted as `failed`; the next
//! `flush` reports the reason. A datagram that is lost on the network is not detected.
//! If no server listens, every second datagram is lost in this way, and the datagram
//! after it fails. If the name has several addresses, each failure selects the next
//! address.

use std::env;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};

use solti_metrics_guest::{
    Accounting, Discards, Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// Maximum bytes of a datagram: the documentation of the server recommends this size,
/// which fits into one Ethernet frame.
const FULL: usize = 1432;

/// Maximum bytes of a prefix, so that a record always fits into a datagram.
const PREFIX: usize = 128;

struct Statsd {
    /// The prefix with a dot at its end.
    prefix: String,
    outbox: Mutex<Outbox>,
}

impl Statsd {
    fn new(address: String, prefix: &str) -> Self {
        Self {
            prefix: sanitised(prefix),
            outbox: Mutex::new(Outbox {
                address,
                socket: None,
                turn: 0,
                datagram: String::new(),
                records: 0,
                called_for: false,
                failed: 0,
                why: None,
            }),
        }
    }

    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MetricsBackend for Statsd {
    fn record_task_started(&self, runner: RunnerType) {
        let prefix = &self.prefix;
        self.outbox()
            .add(&format!("{prefix}tasks_started.{runner}:1|c"));
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        let prefix = &self.prefix;
        self.outbox().add(&format!(
            "{prefix}tasks_completed.{runner}.{outcome}:1|c\n\
             {prefix}task_duration.{runner}.{outcome}:{duration_ms}|ms"
        ));
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        let prefix = &self.prefix;
        self.outbox()
            .add(&format!("{prefix}runner_errors.{runner}.{error}:1|c"));
    }
}

impl Lifecycle for Statsd {
    fn flush(&self) -> Result<(), String> {
        let mut outbox = self.outbox();
        outbox.called_for = true;
        outbox.send();
        match outbox.why.take() {
            Some(why) => Err(format!("statsd at {}: {why}", outbox.address)),
            None => Ok(()),
        }
    }
}

impl Accounting for Statsd {
    fn take_discards(&self) -> Discards {
        let mut outbox = self.outbox();
        outbox.called_for = true;
        // Without this send, a later failure would be charged to another call.
        outbox.send();
        Discards {
            failed: std::mem::take(&mut outbox.failed),
            ..Discards::default()
        }
    }
}

struct Outbox {
    address: String,
    socket: Option<UdpSocket>,
    /// Index of the first address to try. Each failure selects the next address.
    turn: usize,
    datagram: String,
    /// Number of records in the datagram. A record can have more than one line.
    records: u64,
    /// Whether the host has asked for collected records, and will ask again.
    called_for: bool,
    failed: u64,
    /// The latest unreported failure.
    why: Option<io::Error>,
}

impl Outbox {
    /// Adds a record. All lines of a record are in one datagram.
    fn add(&mut self, record: &str) {
        if self.datagram.len() + 1 + record.len() > FULL {
            self.send();
        }
        if !self.datagram.is_empty() {
            self.datagram.push('\n');
        }
        self.datagram.push_str(record);
        self.records += 1;
        if !self.called_for {
            self.send();
        }
    }

    fn send(&mut self) {
        if self.records == 0 {
            return;
        }
        if let Err(why) = self.try_send() {
            // The next datagram opens a new socket and resolves the name again.
            self.socket = None;
            self.turn = self.turn.wrapping_add(1);
            self.failed += self.records;
            self.why = Some(why);
        }
        self.datagram.clear();
        self.records = 0;
    }

    fn try_send(&mut self) -> io::Result<()> {
        let socket = match self.socket.take() {
            Some(socket) => socket,
            None => connected(&self.address, self.turn)?,
        };
        let socket = self.socket.insert(socket);
        socket.send(self.datagram.as_bytes()).map(drop)
    }
}

/// A socket that is connected to the server, and reports a refusal.
fn connected(address: &str, turn: usize) -> io::Result<UdpSocket> {
    let mut why = io::Error::other("the name has no address");
    let mut addresses: Vec<_> = address.to_socket_addrs()?.collect();
    let first = turn.checked_rem(addresses.len()).unwrap_or_default();
    addresses.rotate_left(first);
    for address in addresses {
        let here: SocketAddr = match address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        match UdpSocket::bind(here).and_then(|s| s.connect(address).map(|()| s)) {
            Ok(socket) => return Ok(socket),
            Err(error) => why = error,
        }
    }
    Err(why)
}

fn sanitised(prefix: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let clean = prefix.chars().map(|c| if allowed(c) { c } else { '_' });
    let mut prefix: String = clean.take(PREFIX).collect();
    if !prefix.is_empty() {
        prefix.push('.');
    }
    prefix
}

fn variable(name: &str, default: &str) -> String {
    env::var(name).unwrap_or_else(|_| default.to_owned())
}

solti_metrics_guest::export_provider!(
    Statsd::new(
        variable("STATSD_ADDR", "127.0.0.1:8125"),
        &variable("STATSD_PREFIX", "solti"),
    ),
    Lifecycle,
    Accounting
);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A provider and its server.
    fn statsd(prefix: &str) -> io::Result<(Statsd, UdpSocket)> {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        server.set_read_timeout(Some(Duration::from_secs(10)))?;
        let address = server.local_addr()?.to_string();
        Ok((Statsd::new(address, prefix), server))
    }

    fn received(server: &UdpSocket) -> io::Result<String> {
        let mut buffer = [0; 65_536];
        let length = server.recv(&mut buffer)?;
        Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
    }

    #[test]
    fn a_record_of_each_kind_has_the_statsd_format() -> io::Result<()> {
        let (statsd, server) = statsd("solti")?;
        assert_eq!(statsd.flush(), Ok(()));
        statsd.record_task_started(RunnerType::Wasm);
        statsd.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 1_500);
        statsd.record_runner_error(RunnerType::Wasm, RunnerErrorKind::SpawnFailed);
        assert_eq!(statsd.flush(), Ok(()));
        let expected = "solti.tasks_started.wasm:1|c\n\
                        solti.tasks_completed.wasm.success:1|c\n\
                        solti.task_duration.wasm.success:1500|ms\n\
                        solti.runner_errors.wasm.spawn_failed:1|c";
        assert_eq!(received(&server)?, expected);
        Ok(())
    }

    #[test]
    fn no_datagram_is_too_long_or_splits_a_record() -> io::Result<()> {
        let (statsd, server) = statsd(&"p".repeat(1_000))?;
        assert_eq!(statsd.take_discards(), Discards::default());
        for _ in 0..40 {
            statsd.record_task_completed(RunnerType::Subprocess, TaskOutcome::Canceled, u64::MAX);
        }
        assert_eq!(statsd.take_discards(), Discards::default());
        let mut lines = 0;
        while lines < 80 {
            let datagram = received(&server)?;
            assert!(datagram.len() <= FULL, "{} bytes", datagram.len());
            assert!(datagram.contains("tasks_completed.subprocess.canceled:1|c\n"));
            let these = datagram.lines().count();
            assert!(these >= 4 && these.is_multiple_of(2), "{these} lines");
            lines += these;
        }
        assert_eq!(lines, 80);
        Ok(())
    }

    #[test]
    fn records_are_sent_at_once_before_the_first_call_of_the_host() -> io::Result<()> {
        let (statsd, server) = statsd("")?;
        for _ in 0..2 {
            statsd.record_task_started(RunnerType::Wasm);
            assert_eq!(received(&server)?, "tasks_started.wasm:1|c");
        }
        Ok(())
    }

    #[test]
    fn a_failed_datagram_counts_each_record_once() {
        let statsd = Statsd::new("an address without a port".to_owned(), "solti");
        let failed = |failed| Discards {
            failed,
            ..Discards::default()
        };
        assert_eq!(statsd.take_discards(), failed(0));
        statsd.record_task_started(RunnerType::Wasm);
        statsd.record_task_completed(RunnerType::Wasm, TaskOutcome::Failure, 1);
        assert_eq!(statsd.take_discards(), failed(2));
        statsd.record_task_started(RunnerType::Wasm);
        let said = statsd.flush().err().unwrap_or_default();
        assert!(
            said.starts_with("statsd at an address without a port: "),
            "{said}"
        );
        assert_eq!(statsd.take_discards(), failed(1));
        assert_eq!(statsd.take_discards(), failed(0));
        // A failure is reported only once.
        assert_eq!(statsd.flush(), Ok(()));
    }

    #[test]
    fn a_prefix_has_only_valid_characters() {
        for (prefix, clean) in [
            ("solti", "solti."),
            ("a.b-c_9", "a.b-c_9."),
            ("a:1|c\nb\u{fc}", "a_1_c_b_."),
            ("", ""),
        ] {
            assert_eq!(sanitised(prefix), clean);
        }
    }
}

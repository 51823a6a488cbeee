//! A provider that sends what it receives to a statsd server, over UDP. It
//! exports `lifecycle` and `accounting`, and needs `wasi:sockets` to be granted.
//!
//! - `STATSD_ADDR`: where the server listens, `127.0.0.1:8125` unless set. A name
//!   needs a host that looks names up.
//! - `STATSD_PREFIX`: what every name begins with, `solti` unless set. It has
//!   letters, digits, `_`, `.` and `-`; whatever else is set there becomes `_`.
//!
//! Names have no tags, which the original server does not know:
//! `solti.tasks_started.wasm`, `solti.tasks_completed.wasm.success`,
//! `solti.task_duration.wasm.success` and `solti.runner_errors.wasm.spawn_failed`.
//!
//! Records are gathered into datagrams, which are sent when they are full, when
//! the host asks what came to nothing (after each of its calls), and on `flush`.
//! Until somebody does either, each record is sent at once.
//!
//! The records of a datagram that cannot be sent are lost and counted as
//! `failed`; the next `flush` says why. Nobody hears of a datagram that gets
//! lost on its way. Where no server listens, every other datagram is lost so, and
//! the one behind it fails for it. If the name has several addresses, the next one is
//! tried after each failure.

use std::env;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::{Mutex, MutexGuard, PoisonError};

use solti_metrics_guest::{
    Accounting, Discards, Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// The most that a datagram has, in bytes: what passes through Ethernet in one
/// piece, by the server's own advice.
const FULL: usize = 1432;

/// The most that is taken of a prefix, in bytes, so that a record always fits.
const PREFIX: usize = 128;

struct Statsd {
    /// With the dot behind it.
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
        // Otherwise a record that fails later would be charged to another call.
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
    /// Which address of the name comes first: the next one after each failure.
    turn: usize,
    datagram: String,
    /// How many are in the datagram: a record may be more than a line.
    records: u64,
    /// Whether somebody calls for what is gathered, and will again.
    called_for: bool,
    failed: u64,
    /// The latest failure that nobody was told of.
    why: Option<io::Error>,
}

impl Outbox {
    /// The lines of one record stay in one datagram.
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
            // The next one tries anew, with a name that is looked up anew.
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

/// A socket that sends there, and hears it if nobody listens.
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

    /// A provider, and the server that it sends to.
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
    fn a_record_of_each_kind_is_written_as_statsd_reads_it() -> io::Result<()> {
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
    fn no_datagram_is_too_long_and_none_begins_amid_a_record() -> io::Result<()> {
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
    fn nothing_is_held_back_until_somebody_calls_for_it() -> io::Result<()> {
        let (statsd, server) = statsd("")?;
        for _ in 0..2 {
            statsd.record_task_started(RunnerType::Wasm);
            assert_eq!(received(&server)?, "tasks_started.wasm:1|c");
        }
        Ok(())
    }

    #[test]
    fn what_cannot_be_sent_is_counted_once_for_each_record() {
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
        // What was said once is not said again.
        assert_eq!(statsd.flush(), Ok(()));
    }

    #[test]
    fn a_prefix_has_only_what_cannot_end_a_name() {
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

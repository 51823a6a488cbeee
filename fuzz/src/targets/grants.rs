//! Texts of grants, directories, times, names of hosts, labels and paths.

use std::time::Duration;

use anyhow::{Result, bail, ensure};
use solti_metrics::{RunnerErrorKind, RunnerType, TaskOutcome};
use solti_metrics_server::http::{HostName, Route};
use solti_metrics_server::time::{Bound, LONGEST, ShortTime, Time, TimeError, Timeout};
use solti_metrics_server::{Dir, Grant};

use crate::oracle::has_no_control;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "grants",
    run,
    seeds: &[],
    words: &[
        "env=A=B", "dir=a::b:rw", "tcp=127.0.0.1:8125", "udp=[::1]:1", "http=localhost:4318", "network=none", "output",
        "::", ":rw", "=", "none", "ms", "1s", "2h", "365d", "9h 30m", "wasm", "success", "spawn-failed", "localhost",
        "/backends/a/metrics", "/metrics", "%", "*.example",
    ],
    longest: 512,
    limits: Limits::SMALL,
};

/// An accepted text has its documented meaning, and a rejected text has a readable reason.
fn run(input: &[u8]) -> Result<()> {
    let text = &*String::from_utf8_lossy(input);
    match text.parse::<Grant>() {
        Ok(grant) => {
            reached();
            granted(text, &grant)?;
        }
        Err(reason) => has_no_control(&reason)?,
    }
    match text.parse::<Dir>() {
        Ok(dir) => directory(text, &dir)?,
        Err(reason) => has_no_control(reason)?,
    }
    time(text.parse().map(|Time(time)| time))?;
    time(text.parse().map(|ShortTime(time)| time))?;
    time(text.parse().map(|Bound(time)| time))?;
    time(text.parse().map(|Timeout(time)| time.unwrap_or(LONGEST)))?;
    if let Err(reason) = text.parse::<HostName>() {
        has_no_control(reason)?;
    }
    labels(text)?;
    if let Some(route) = Route::of(text) {
        ensure!(route.path() == text, "the route {route:?} has another path");
        has_no_control(route.as_label())?;
    }
    Ok(())
}

fn granted(text: &str, grant: &Grant) -> Result<()> {
    let written = match grant {
        Grant::Env(name, value) => {
            ensure!(!name.is_empty() && !name.contains('='), "the name {name:?}");
            format!("env={name}={value}")
        }
        Grant::Dir(dir) => return directory(text.strip_prefix("dir=").unwrap_or_default(), dir),
        Grant::Tcp(address) => return same(text.strip_prefix("tcp="), *address),
        Grant::Udp(address) => return same(text.strip_prefix("udp="), *address),
        Grant::Http(authority) => format!("http={authority}"),
        Grant::NoNetwork => "network=none".to_owned(),
        Grant::Output => "output".to_owned(),
    };
    ensure!(written == text, "{text:?} grants {grant:?}");
    Ok(())
}

fn same(text: Option<&str>, address: std::net::SocketAddr) -> Result<()> {
    let read = text.and_then(|it| it.parse().ok());
    ensure!(read == Some(address), "{text:?} grants {address}");
    Ok(())
}

/// A directory is read-only unless the text ends with `:rw`.
fn directory(text: &str, dir: &Dir) -> Result<()> {
    use solti_metrics_host::wasi::Access;
    let host = dir.host.to_string_lossy();
    ensure!(!host.is_empty() && !dir.guest.is_empty(), "an empty path: {dir:?}");
    let writes = dir.access == Access::ReadWrite;
    ensure!(writes == text.ends_with(":rw"), "{text:?} grants {dir:?}");
    let end = if writes { ":rw" } else { "" };
    let long = format!("{host}::{}{end}", dir.guest);
    let short = format!("{host}{end}");
    ensure!(text == long || text == short && *host == *dir.guest, "{text:?} grants {dir:?}");
    Ok(())
}

fn time(read: Result<Duration, TimeError>) -> Result<()> {
    match read {
        Ok(time) => ensure!(time <= LONGEST, "{time:?} is longer than the bound"),
        Err(error) => has_no_control(&error.to_string())?,
    }
    Ok(())
}

fn labels(text: &str) -> Result<()> {
    let read = [
        text.parse::<RunnerType>().map(RunnerType::as_label),
        text.parse::<TaskOutcome>().map(|it| it.as_label()),
        text.parse::<RunnerErrorKind>().map(RunnerErrorKind::as_label),
    ];
    for label in read {
        match label {
            Ok(label) if label != text => bail!("{text:?} is read as {label}"),
            Ok(_) => {}
            Err(error) => has_no_control(&error.to_string())?,
        }
    }
    Ok(())
}

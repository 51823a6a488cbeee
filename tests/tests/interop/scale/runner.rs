//! A runner: a process that serves.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};
use solti_metrics::{Event, RunnerType, TaskOutcome};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::http::{ask, connect};
use solti_metrics_tests::served::Served;
use tempfile::TempDir;

/// The contents of a runner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) tasks: usize,
    /// Number of backends that are components.
    pub(crate) backends: usize,
    /// Number of runner types that guests record, each with all outcomes.
    pub(crate) types: usize,
}

impl Plan {
    /// The runner of the page.
    pub(crate) const USUAL: Self = Self {
        tasks: 8,
        backends: 1,
        types: 1,
    };

    fn config(self) -> String {
        let mut config = String::new();
        for number in 0..self.tasks {
            // A usual length of a task's name.
            config += &format!(
                "[tasks.resize-images-{number}]\ncomponent = \"guest.wasm\"\nrepeat = 5\n"
            );
        }
        for number in 0..self.backends {
            config += &format!("[backends.sink-{number}]\ncomponent = \"provider.wasm\"\n");
        }
        config
    }
}

pub(crate) struct Runner {
    served: Served,
    _folder: TempDir,
}

impl Runner {
    /// Starts a runner. Its tasks run until its counters have several digits, and then
    /// stop. Each page that a cluster requests is requested.
    pub(crate) fn start(plan: Plan) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |file: &str| folder.path().join(file);
        // The last type is the runner's own.
        let types = RunnerType::ALL.into_iter().rev().take(plan.types);
        let records: Vec<_> = types.flat_map(records).collect();
        fs::write(at("guest.wasm"), recording(&records)?)?;
        fs::copy(artifact("provider", WASI), at("provider.wasm"))?;
        let served = Served::start(folder.path(), &plan.config())?;
        served.until("all is done, and handed over", |served| {
            let tasks = served.json("/api/tasks")?["tasks"].take();
            let tasks = tasks.as_array().context("no tasks")?;
            let backends = served.json("/api/backends")?["backends"].take();
            let backends = backends.as_array().context("no backends")?;
            let done = tasks.iter().all(|task| task["state"] == "done");
            let idle = backends
                .iter()
                .all(|backend| backend["ledger"]["in_flight"] == 0);
            Ok((done && idle).then_some(()))
        })?;
        for page in ["/healthz", "/readyz", "/metrics"] {
            served.page(page)?;
        }
        Ok(Self {
            served,
            _folder: folder,
        })
    }

    pub(crate) fn address(&self) -> Result<SocketAddr> {
        self.served.address()
    }

    /// The answer to a request of Prometheus.
    pub(crate) fn exposition(&self) -> Result<String> {
        let accept = "Accept: application/openmetrics-text; version=1.0.0\r\n";
        let answer = ask(self.address()?, "GET", "/metrics", accept)?;
        ensure!(answer.body.ends_with("# EOF\n"), "{answer:?}");
        Ok(answer.body)
    }

    /// Bytes of the answer in gzip.
    pub(crate) fn in_gzip(&self) -> Result<u64> {
        let mut stream = connect(self.address()?)?;
        write!(
            stream,
            "GET /metrics HTTP/1.1\r\nHost: test\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\
             Accept: application/openmetrics-text; version=1.0.0\r\n\r\n"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|it| it == b"\r\n\r\n");
        let body = end.context("no head")? + 4;
        let head = String::from_utf8_lossy(&answer[..body]).to_ascii_lowercase();
        ensure!(head.contains("content-encoding: gzip"), "{head}");
        ensure!(!head.contains("transfer-encoding"), "{head}");
        Ok((answer.len() - body) as u64)
    }
}

/// Some hundreds of tasks, of each outcome, from a millisecond to seconds.
fn records(runner: RunnerType) -> impl Iterator<Item = Event> {
    (1..500_u64).flat_map(move |number| {
        let outcomes = TaskOutcome::ALL;
        let outcome = outcomes[number as usize % outcomes.len()];
        let duration_ms = (number * number) % 7_919 + 1;
        let completed = Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        };
        [Event::TaskStarted { runner }, completed]
    })
}

//! `solti-metrics serve`, as a child process of a test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::artifact::{cache_home, command};
use crate::child::{End, GUARD, Running};
use crate::exposition::value;
use crate::http::{Answer, ask};

/// A runner that serves, with its own folder for the configuration. Dropping the value
/// kills a process that still runs.
pub struct Served {
    running: Running,
    folder: PathBuf,
    address: Option<SocketAddr>,
}

/// The file of the configuration, in the folder.
pub const FILE: &str = "serve.toml";

/// The beginning of each configuration: a free port, and a log in JSON.
pub const HEAD: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n";

/// The command `serve` with these arguments, in this folder.
#[must_use]
pub fn serve(folder: &Path, args: &[&str]) -> Command {
    let mut serve = Command::new(command());
    serve
        .arg("serve")
        .args(args)
        .current_dir(folder)
        .env("XDG_CACHE_HOME", cache_home())
        .env_remove("RUST_LOG");
    serve
}

impl Served {
    /// Starts a runner with [`HEAD`] followed by this configuration, and waits until it
    /// is ready.
    ///
    /// # Errors
    ///
    /// When the runner does not start, or ends.
    pub fn start(folder: &Path, config: &str) -> Result<Self> {
        Self::start_with(
            &mut serve(folder, &[FILE]),
            folder,
            &format!("{HEAD}{config}"),
        )
    }

    /// Starts a runner with this command and this whole configuration, and waits until it
    /// is ready.
    ///
    /// # Errors
    ///
    /// When the runner does not start, or ends.
    pub fn start_with(serve: &mut Command, folder: &Path, config: &str) -> Result<Self> {
        let mut served = Self::begin(serve, folder, config)?;
        served.entry("ready", |entry| entry["message"] == "ready")?;
        Ok(served)
    }

    /// Starts a runner and waits until it answers requests, ready or not.
    ///
    /// # Errors
    ///
    /// When the runner does not start, or ends.
    pub fn begin(serve: &mut Command, folder: &Path, config: &str) -> Result<Self> {
        std::fs::write(folder.join(FILE), config)?;
        let mut served = Self {
            running: Running::start(serve)?,
            folder: folder.into(),
            address: None,
        };
        if config.contains("[server]") {
            let entry = served.entry("serving", |entry| entry["address"].is_string())?;
            let address = entry["address"].as_str().context("an address")?;
            served.address = Some(address.parse()?);
        }
        Ok(served)
    }

    /// Replaces the maximum time from the start to the end of the runner.
    #[must_use]
    pub fn within(self, guard: std::time::Duration) -> Self {
        Self {
            running: self.running.within(guard),
            ..self
        }
    }

    /// Starts a runner with the configuration in the folder, and waits until it is ready
    /// at this address. For runners whose log is not read.
    ///
    /// # Errors
    ///
    /// When the runner does not start, or does not answer.
    pub fn unheard(serve: &mut Command, folder: &Path, address: SocketAddr) -> Result<Self> {
        Self::telling(serve, folder, address, Stdio::piped())
    }

    /// Starts a runner in the same way, with this standard error.
    ///
    /// # Errors
    ///
    /// When the runner does not start, or does not answer.
    pub fn telling(
        serve: &mut Command,
        folder: &Path,
        address: SocketAddr,
        stderr: Stdio,
    ) -> Result<Self> {
        let served = Self {
            running: Running::start_telling(serve, stderr)?,
            folder: folder.into(),
            address: Some(address),
        };
        let begun = std::time::Instant::now();
        while !served
            .get("/readyz")
            .is_ok_and(|answer| answer.status == 200)
        {
            ensure!(begun.elapsed() < GUARD, "not ready within {GUARD:?}");
            std::thread::yield_now();
        }
        Ok(served)
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.id
    }

    /// The address of the server.
    ///
    /// # Errors
    ///
    /// When the runner does not serve.
    pub fn address(&self) -> Result<SocketAddr> {
        self.address.context("the runner has no address")
    }

    /// Waits for the next log entry that matches `like`, after the last returned one. An
    /// error names the entry as `what`.
    ///
    /// # Errors
    ///
    /// When the runner ends before the entry, or the entry takes too long.
    pub fn entry(&mut self, what: &str, like: impl Fn(&Value) -> bool) -> Result<Value> {
        loop {
            let line = self
                .running
                .next_line()
                .with_context(|| format!("waiting for: {what}"))?;
            match serde_json::from_str::<Value>(&line) {
                Ok(entry) if like(&entry) => return Ok(entry),
                _ => {}
            }
        }
    }

    /// Requests a page.
    ///
    /// # Errors
    ///
    /// When the runner does not answer.
    pub fn get(&self, path: &str) -> Result<Answer> {
        ask(self.address()?, "GET", path, "")
    }

    /// Requests an existing page.
    ///
    /// # Errors
    ///
    /// When the runner does not answer with status 200.
    pub fn page(&self, path: &str) -> Result<String> {
        let answer = self.get(path)?;
        ensure!(answer.status == 200, "{path}: {answer:?}");
        Ok(answer.body)
    }

    /// The answer of `/api/tasks` or `/api/backends`.
    ///
    /// # Errors
    ///
    /// When the runner does not answer.
    pub fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.page(path)?)?)
    }

    /// The value of a sample on `/metrics`.
    ///
    /// # Errors
    ///
    /// When the sample is missing.
    pub fn sample(&self, series: &str) -> Result<f64> {
        value(&self.page("/metrics")?, series)
    }

    /// Repeats `look` until it returns a value.
    ///
    /// # Errors
    ///
    /// When `look` fails, or takes too long.
    pub fn until<T>(&self, what: &str, look: impl Fn(&Self) -> Result<Option<T>>) -> Result<T> {
        let begun = std::time::Instant::now();
        while begun.elapsed() < GUARD {
            if let Some(found) = look(self)? {
                return Ok(found);
            }
            std::thread::yield_now();
        }
        bail!("not within {GUARD:?}: {what}\n{}", self.page("/metrics")?)
    }

    /// Waits until a sample has at least this value.
    ///
    /// # Errors
    ///
    /// When that takes too long.
    pub fn until_at_least(&self, series: &str, value: f64) -> Result<f64> {
        let what = format!("{series} is {value} or more");
        self.until(&what, |served| {
            let now = served.sample(series)?;
            Ok((now >= value).then_some(now))
        })
    }

    /// Writes [`HEAD`] and another configuration, and reloads it. Waits for the end of
    /// the reload, and returns its last error.
    ///
    /// # Errors
    ///
    /// When the reload does not end.
    pub fn reload(&mut self, config: &str) -> Result<Option<String>> {
        // The rename is atomic: a concurrent reader sees the old or the new file.
        let begun = self.folder.join("serve.toml.new");
        std::fs::write(&begun, format!("{HEAD}{config}"))?;
        std::fs::rename(begun, self.folder.join(FILE))?;
        self.reload_as_it_is()
    }

    /// Reloads the present configuration. Waits for the end of the reload, and returns
    /// its last error.
    ///
    /// # Errors
    ///
    /// When the reload does not end.
    pub fn reload_as_it_is(&mut self) -> Result<Option<String>> {
        let count = |served: &Self| -> Result<(u64, Value)> {
            let runner = served.json("/api/tasks")?["runner"].take();
            let reloads = &runner["reloads"];
            let count = reloads["applied"].as_u64().zip(reloads["failed"].as_u64());
            let (applied, failed) = count.context("how many reloads")?;
            Ok((applied + failed, reloads["last_error"].clone()))
        };
        let before = count(self)?.0;
        self.running.signal("HUP")?;
        let error = self.until("the configuration is read again", |served| {
            let (now, error) = count(served)?;
            Ok((now > before).then_some(error))
        })?;
        Ok(error.as_str().map(Into::into))
    }

    /// Sends a signal, such as `TERM`.
    ///
    /// # Errors
    ///
    /// When the process has ended.
    pub fn signal(&self, name: &str) -> Result<()> {
        self.running.signal(name)
    }

    /// Asks the runner to stop, and waits for its end.
    ///
    /// # Errors
    ///
    /// When the runner does not end.
    pub fn stop(self) -> Result<End> {
        self.signal("TERM")?;
        self.end()
    }

    /// Waits for the end of the runner.
    ///
    /// # Errors
    ///
    /// When the runner does not end.
    pub fn end(self) -> Result<End> {
        self.running.end()
    }
}

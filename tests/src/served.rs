//! `solti-metrics serve`, as a child of a test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::artifact::{cache_home, command};
use crate::child::{End, GUARD, Running};
use crate::exposition::value;
use crate::http::{Answer, ask};

/// A runner that serves, with a configuration in a folder of its own. It is killed if
/// it is still there when this goes away.
pub struct Served {
    running: Running,
    folder: PathBuf,
    address: Option<SocketAddr>,
}

/// The configuration's file, in the folder.
pub const FILE: &str = "serve.toml";

/// What every configuration begins with: a free port, and a log that programs read.
pub const HEAD: &str = "[server]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n";

/// `serve` with these arguments, in this folder.
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
    /// Starts it with [`HEAD`] and then this configuration, and waits until everything
    /// has begun.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends.
    pub fn start(folder: &Path, config: &str) -> Result<Self> {
        Self::start_with(
            &mut serve(folder, &[FILE]),
            folder,
            &format!("{HEAD}{config}"),
        )
    }

    /// The same, with a command that is given more, and a whole configuration.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends.
    pub fn start_with(serve: &mut Command, folder: &Path, config: &str) -> Result<Self> {
        let mut served = Self::begin(serve, folder, config)?;
        served.entry("ready", |entry| entry["message"] == "ready")?;
        Ok(served)
    }

    /// The same, and does not wait until everything has begun, but only until it can
    /// be asked.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends.
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

    /// Gives it more time, or less, than others have from their start to their end.
    #[must_use]
    pub fn within(self, guard: std::time::Duration) -> Self {
        Self {
            running: self.running.within(guard),
            ..self
        }
    }

    /// Starts it, with the configuration that is there, and waits until it answers at
    /// this address that it is ready: for one whose log nobody reads.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not answer.
    pub fn unheard(serve: &mut Command, folder: &Path, address: SocketAddr) -> Result<Self> {
        Self::telling(serve, folder, address, Stdio::piped())
    }

    /// The same, with this as its standard error.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or does not answer.
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

    /// The number of its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.running.id
    }

    /// Where it serves.
    ///
    /// # Errors
    ///
    /// When it does not.
    pub fn address(&self) -> Result<SocketAddr> {
        self.address.context("it serves nothing")
    }

    /// Waits for the next entry of its log that is like this, behind the last one that
    /// was waited for. `what` says in an error what was waited for.
    ///
    /// # Errors
    ///
    /// When it ends before, or takes too long.
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

    /// Asks for a page.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub fn get(&self, path: &str) -> Result<Answer> {
        ask(self.address()?, "GET", path, "")
    }

    /// Asks for a page that is there.
    ///
    /// # Errors
    ///
    /// When there is no such answer.
    pub fn page(&self, path: &str) -> Result<String> {
        let answer = self.get(path)?;
        ensure!(answer.status == 200, "{path}: {answer:?}");
        Ok(answer.body)
    }

    /// The answer of `/api/tasks` or `/api/backends`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn json(&self, path: &str) -> Result<Value> {
        Ok(serde_json::from_str(&self.page(path)?)?)
    }

    /// The value of a sample on `/metrics`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn sample(&self, series: &str) -> Result<f64> {
        value(&self.page("/metrics")?, series)
    }

    /// Looks at this again and again, until it says something.
    ///
    /// # Errors
    ///
    /// When it fails, or that takes too long.
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

    /// Puts another configuration behind [`HEAD`], and has it read; waits until that is
    /// done, well or not, and returns the last error.
    ///
    /// # Errors
    ///
    /// When that is not done.
    pub fn reload(&mut self, config: &str) -> Result<Option<String>> {
        // In one step, for whoever reads it at this moment.
        let begun = self.folder.join("serve.toml.new");
        std::fs::write(&begun, format!("{HEAD}{config}"))?;
        std::fs::rename(begun, self.folder.join(FILE))?;
        self.reload_as_it_is()
    }

    /// Has the configuration read again, as it is; waits until that is done, well or
    /// not, and returns the last error.
    ///
    /// # Errors
    ///
    /// When that is not done.
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

    /// Sends a signal: `TERM`, say.
    ///
    /// # Errors
    ///
    /// When there is nobody to send it to.
    pub fn signal(&self, name: &str) -> Result<()> {
        self.running.signal(name)
    }

    /// Asks it to stop, and waits for its end.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub fn stop(self) -> Result<End> {
        self.signal("TERM")?;
        self.end()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub fn end(self) -> Result<End> {
        self.running.end()
    }
}

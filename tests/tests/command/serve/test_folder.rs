use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use solti_metrics_tests::artifact::cache_home;
use solti_metrics_tests::child::Running;
use solti_metrics_tests::served::{FILE, HEAD, Served, serve};
use tempfile::TempDir;

/// A test's own folder, in which a runner serves.
pub(crate) struct TestFolder {
    folder: TempDir,
}

impl TestFolder {
    /// A folder with these components.
    pub(crate) fn with(components: &[(&str, Vec<u8>)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for (name, bytes) in components {
            fs::write(folder.path().join(name), bytes)?;
        }
        Ok(Self { folder })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn serve(&self, config: &str) -> Result<Served> {
        Served::start(self.folder.path(), config)
    }

    /// Starts a runner without waiting for its readiness.
    pub(crate) fn serve_unready(&self, config: &str) -> Result<Served> {
        let folder = self.folder.path();
        let mut command = serve(folder, &[FILE]);
        Served::begin(&mut command, folder, &format!("{HEAD}{config}"))
    }

    /// Starts a runner with a shell script, in which `"$@"` is the command.
    pub(crate) fn serve_by(&self, script: &str, config: &str) -> Result<Served> {
        let folder = self.folder.path();
        Served::start_with(&mut self.shell(script), folder, &format!("{HEAD}{config}"))
    }

    /// Starts a runner whose log is not read. The test chooses its address.
    pub(crate) fn unheard(&self, script: &str, config: &str) -> Result<Served> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        self.write(
            FILE,
            format!("[server]\nlisten = \"{address}\"\n{config}").as_bytes(),
        )?;
        Served::unheard(&mut self.shell(script), self.folder.path(), address)
    }

    /// The command itself, with a whole configuration.
    pub(crate) fn plain(&self, config: &str) -> Result<Running> {
        self.write(FILE, config.as_bytes())?;
        Running::start(&mut serve(self.folder.path(), &[FILE]))
    }

    fn shell(&self, script: &str) -> Command {
        let serve = serve(self.folder.path(), &[FILE]);
        let mut shell = Command::new("sh");
        shell.args(["-c", script, "sh"]).arg(serve.get_program());
        shell.args(serve.get_args()).current_dir(&self.folder);
        shell
            .env("XDG_CACHE_HOME", cache_home())
            .env_remove("RUST_LOG");
        shell
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(fs::write(self.path(name), bytes)?)
    }

    /// Lets one waiting guest of this folder continue, and waits until the guest has
    /// noticed.
    pub(crate) fn go(&self, served: &Served) -> Result<()> {
        let go = self.path("go");
        fs::create_dir(&go)?;
        served.until("a guest takes the folder", |_| {
            Ok((!go.exists()).then_some(()))
        })
    }
}

/// The entry of a task in `/api/tasks`.
pub(crate) fn task(served: &Served, name: &str) -> Result<Value> {
    find(served.json("/api/tasks")?["tasks"].take(), name)
}

/// The entry of a backend in `/api/backends`.
pub(crate) fn backend(served: &Served, name: &str) -> Result<Value> {
    find(served.json("/api/backends")?["backends"].take(), name)
}

fn find(rows: Value, name: &str) -> Result<Value> {
    let rows = rows.as_array().context("rows")?;
    let found = rows.iter().find(|row| row["name"] == name);
    found
        .cloned()
        .with_context(|| format!("no {name}: {rows:?}"))
}

/// Waits until the entry of a task matches `like`.
pub(crate) fn until(served: &Served, name: &str, like: impl Fn(&Value) -> bool) -> Result<Value> {
    served.until(&format!("the task {name} is so"), |served| {
        let task = task(served, name)?;
        Ok(like(&task).then_some(task))
    })
}

/// Waits until the entry of a backend matches `like`.
pub(crate) fn until_backend(
    served: &Served,
    name: &str,
    like: impl Fn(&Value) -> bool,
) -> Result<Value> {
    served.until(&format!("the backend {name} is so"), |served| {
        let backend = backend(served, name)?;
        Ok(like(&backend).then_some(backend))
    })
}

/// A count in an answer.
pub(crate) fn count(value: &Value) -> Result<u64> {
    value.as_u64().with_context(|| format!("no count: {value}"))
}

/// Checks that no record is in flight, and that each accepted record is accounted for.
pub(crate) fn settled(ledger: &Value) -> Result<()> {
    let dropped = ledger["dropped"].as_object().context("dropped")?;
    let dropped: u64 = dropped.values().filter_map(Value::as_u64).sum();
    ensure!(
        count(&ledger["in_flight"])? == 0
            && count(&ledger["accepted"])? == count(&ledger["delivered"])? + dropped,
        "{ledger}"
    );
    Ok(())
}

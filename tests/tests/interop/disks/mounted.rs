use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use solti_metrics_tests::guest::another_build;
use solti_metrics_tests::served::{FILE, HEAD, Served, serve};
use tempfile::TempDir;

/// A folder in which `disk` is a file system that only the runner sees.
pub(super) struct Mounted {
    folder: TempDir,
}

impl Mounted {
    pub(super) fn new(components: &[(&str, Vec<u8>)]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("disk"))?;
        for (name, bytes) in components {
            fs::write(folder.path().join(name), bytes)?;
        }
        Ok(Self { folder })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts a runner after this script, which mounts the disk.
    pub(super) fn serve(&self, unshare: &Path, mount: &str, config: &str) -> Result<Served> {
        let folder = self.folder.path();
        let serve = serve(folder, &[FILE]);
        let mut command = Command::new(unshare);
        command
            .args(["-m", "sh", "-ec", &format!("{mount}\nexec \"$@\""), "sh"])
            .arg(serve.get_program())
            .args(serve.get_args())
            .current_dir(folder)
            .env_remove("RUST_LOG");
        Served::start_with(&mut command, folder, &format!("{HEAD}{config}"))
    }

    /// The path of a file on the disk, for processes that do not see the disk.
    pub(super) fn on_disk(&self, served: &Served, name: &str) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", served.id()));
        let disk = self.path("disk").join(name);
        root.join(disk.strip_prefix("/").unwrap_or(&disk))
    }

    /// Changes the disk of a runner, such as `remount,ro`.
    pub(super) fn remount(&self, served: &Served, options: &str) -> Result<()> {
        let status = Command::new("nsenter")
            .args(["-m", "-t", &served.id().to_string(), "mount", "-o", options])
            .arg(self.path("disk"))
            .status()?;
        ensure!(status.success(), "mount -o {options}: {status}");
        Ok(())
    }

    /// Replaces a component by another build and reloads it.
    pub(super) fn rebuild(&self, served: &mut Served, name: &str, number: usize) -> Result<()> {
        let new = self.path("new");
        fs::write(&new, another_build(&fs::read(self.path(name))?, number))?;
        fs::rename(new, self.path(name))?;
        let error = served.reload_as_it_is()?;
        ensure!(error.is_none(), "{error:?}");
        Ok(())
    }
}

/// The value of a counter of the compilation cache.
pub(super) fn cache(served: &Served, what: &str) -> Result<f64> {
    served.sample(&format!("solti_metrics_compilation_cache_{what}_total"))
}

/// Waits for more successful runs of the task `quick`.
pub(super) fn runs(served: &Served) -> Result<()> {
    let runs = "solti_metrics_task_runs_total{task=\"quick\",outcome=\"success\"}";
    let before = served.sample(runs)?;
    served.until_at_least(runs, before + 3.0)?;
    Ok(())
}

/// Asks a runner to stop. Returns its log, which has no panic.
pub(super) fn stop(served: Served) -> Result<String> {
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");
    ensure!(!end.stderr.contains("panicked at"), "{end}");
    Ok(end.stderr)
}

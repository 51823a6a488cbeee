//! The Debian package: built, installed into a clean root, run from there, and removed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact, command};
use solti_metrics_tests::http::ask;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::served::Served;
use solti_metrics_tests::trial::Trial;

use crate::deploy::root;

pub(crate) fn trials() -> Vec<Trial> {
    let dpkg = || ReferenceTool::on_path("dpkg").and(ReferenceTool::on_path(another_root().0));
    vec![
        dpkg().trial(
            "the_package_is_installed_started_scraped_and_removed_without_a_trace",
            |_| lives(),
        ),
        dpkg().trial(
            "a_configuration_that_was_changed_survives_an_upgrade",
            |_| upgrade(),
        ),
    ]
}

fn lives() -> Result<()> {
    let system = System::clean()?;
    let package = system.package()?;
    system.dpkg(&["--install", &package])?;
    system.has_a_page_for_each_subcommand()?;
    let token = fs::read_to_string(system.path("etc/solti-metrics/token"))?;
    ensure!(token.len() == 64, "{token}");
    let mode = fs::metadata(system.path("etc/solti-metrics/token"))?.permissions();
    ensure!(mode.mode() & 0o777 == 0o600, "{mode:?}");
    system.as_systemd_would()?;

    // The installed configuration, except for the port, which another server may use.
    let config = fs::read_to_string(system.path("etc/solti-metrics/serve.toml"))?;
    let checked = system
        .inside(&["serve", "--check", "/etc/solti-metrics/serve.toml"])
        .output()?;
    ensure!(checked.status.success(), "{checked:?}");
    let config = config.replace("127.0.0.1:9464", "127.0.0.1:0");
    let folder = system.path("etc/solti-metrics");
    let mut serve = system.inside(&["serve", "/etc/solti-metrics/serve.toml"]);
    let served = Served::start_with(&mut serve, &folder, &config)?;
    let address = served.address()?;
    let refused = ask(address, "GET", "/metrics", "")?;
    ensure!(refused.status == 401, "{refused:?}");
    let header = format!("Authorization: Bearer {token}\r\n");
    let answer = ask(address, "GET", "/metrics", &header)?;
    ensure!(answer.status == 200, "{answer:?}");
    ensure!(answer.body.contains("solti_metrics_build_info{"));
    let end = served.stop()?;
    ensure!(end.code == Some(0), "{end}");

    system.dpkg(&["--remove", "solti-metrics"])?;
    let left = system.files()?;
    let kept = |path: &String| {
        [
            "etc/solti-metrics",
            "var/lib/solti-metrics",
            "var/cache/solti-metrics",
        ]
        .iter()
        .any(|folder| path.starts_with(folder))
    };
    ensure!(left.iter().all(kept), "{left:?}");
    ensure!(left.contains(&"etc/solti-metrics/serve.toml".to_owned()));

    system.dpkg(&["--purge", "solti-metrics"])?;
    let left = system.files()?;
    ensure!(left.is_empty(), "{left:?}");
    Ok(())
}

fn upgrade() -> Result<()> {
    let system = System::clean()?;
    let package = system.package()?;
    system.dpkg(&["--install", &package])?;
    let read = |path: &str| fs::read_to_string(system.path(path));
    let token = read("etc/solti-metrics/token")?;
    let changed = read("etc/solti-metrics/serve.toml")?.replace("\"30s\"", "\"1h\"");
    fs::write(system.path("etc/solti-metrics/serve.toml"), &changed)?;
    system.dpkg(&["--install", &package])?;
    ensure!(read("etc/solti-metrics/serve.toml")? == changed);
    ensure!(read("etc/solti-metrics/token")? == token);
    Ok(())
}

/// The program that runs a command in another root, and its arguments. Root can do that
/// where a container forbids namespaces. Other users have a namespace for it.
fn another_root() -> (&'static str, &'static [&'static str]) {
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    if is_root {
        ("chroot", &[])
    } else {
        ("unshare", &["--user", "--map-root-user", "--root"])
    }
}

/// A root with only the libraries of the command.
struct System {
    root: tempfile::TempDir,
    /// The files before the installation.
    before: Vec<String>,
}

impl System {
    fn clean() -> Result<Self> {
        let root = tempfile::tempdir()?;
        for folder in [
            "var/cache",
            "var/lib/dpkg/info",
            "var/lib/dpkg/updates",
            "tmp",
        ] {
            fs::create_dir_all(root.path().join(folder))?;
        }
        fs::write(root.path().join("var/lib/dpkg/status"), "")?;
        let linked = Command::new("ldd").arg(command()).output()?;
        for word in String::from_utf8(linked.stdout)?.split_whitespace() {
            if let Some(inside) = word.strip_prefix('/') {
                let to = root.path().join(inside);
                fs::create_dir_all(to.parent().context("no folder")?)?;
                fs::copy(word, to).with_context(|| word.to_owned())?;
            }
        }
        let mut system = Self {
            root,
            before: Vec::new(),
        };
        system.before = system.files()?;
        Ok(system)
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Builds the package from the command under test.
    fn package(&self) -> Result<String> {
        let components = artifact("digest", WASI);
        let out = self.path("tmp");
        let output = Command::new(root().join("tools/deb.sh"))
            .arg(command())
            .arg(components.parent().context("no folder")?)
            .arg(out)
            // The package is temporary.
            .env("DEB_COMPRESSION", "none")
            .output()?;
        ensure!(output.status.success(), "{output:?}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn dpkg(&self, args: &[&str]) -> Result<Output> {
        let output = Command::new("dpkg")
            .arg(format!("--root={}", self.root.path().display()))
            .arg("--log=/dev/null")
            // dpkg knows neither the user nor the libraries of this root. Its scripts run
            // with the shell of this machine.
            .args(["--force-not-root", "--force-bad-path", "--force-depends"])
            .args(["--force-script-chrootless", "--force-confold"])
            .args(args)
            .output()?;
        ensure!(output.status.success(), "dpkg {args:?}: {output:?}");
        Ok(output)
    }

    fn has_a_page_for_each_subcommand(&self) -> Result<()> {
        let help = self.inside(&["--help"]).output()?;
        let help = String::from_utf8(help.stdout)?;
        let (_, subcommands) = help.split_once("Commands:\n").context("no commands")?;
        let subcommands = subcommands.lines().take_while(|line| !line.is_empty());
        let mut pages = 0;
        for line in subcommands.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
            let name = line.split_whitespace().next().context("no name")?;
            if name == "help" {
                continue;
            }
            let page = format!("usr/share/man/man1/solti-metrics-{name}.1.gz");
            ensure!(self.path(&page).is_file(), "no {page}");
            pages += 1;
        }
        ensure!(pages > 8, "{pages} pages in\n{help}");
        let completions = "usr/share/bash-completion/completions/solti-metrics";
        let completions = fs::read_to_string(self.path(completions))?;
        ensure!(completions.contains("--listen"));
        Ok(())
    }

    /// Creates the folders and the credential that the unit requires.
    fn as_systemd_would(&self) -> Result<()> {
        let credentials = "run/credentials/solti-metrics.service";
        for folder in [
            "var/lib/solti-metrics/in",
            "var/cache/solti-metrics",
            credentials,
        ] {
            fs::create_dir_all(self.path(folder))?;
        }
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(self.path("var/cache/solti-metrics"), private)?;
        let token = self.path(credentials).join("token");
        fs::copy(self.path("etc/solti-metrics/token"), token)?;
        Ok(())
    }

    /// The installed command in this root.
    fn inside(&self, args: &[&str]) -> Command {
        let (program, options) = another_root();
        let mut command = Command::new(program);
        command
            .args(options)
            .arg(self.root.path())
            .arg("/usr/bin/solti-metrics")
            .args(args)
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    }

    /// All files and empty folders, without those from before the installation and those
    /// of dpkg and systemd.
    fn files(&self) -> Result<Vec<String>> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.path().to_owned()];
        while let Some(folder) = folders.pop() {
            let mut entries = fs::read_dir(&folder)?.peekable();
            if entries.peek().is_none() {
                found.push(self.name(&folder)?);
            }
            for entry in entries {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    folders.push(entry.path());
                } else {
                    found.push(self.name(&entry.path())?);
                }
            }
        }
        let others = ["var/lib/dpkg", "tmp", "run"];
        found.retain(|path| {
            !self.before.contains(path) && !others.iter().any(|other| path.starts_with(other))
        });
        found.sort();
        Ok(found)
    }

    fn name(&self, path: &Path) -> Result<String> {
        Ok(path.strip_prefix(self.root.path())?.display().to_string())
    }
}

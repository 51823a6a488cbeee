//! `serve --check` accepts `serve.toml` and the configuration of the ConfigMap.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::served::{FILE, serve};
use solti_metrics_tests::trial::{Trial, trial};

use crate::deploy::deployed;

/// Folders of a container or a dedicated machine, which are in one folder here.
const FOLDERS: [&str; 6] = [
    "/run/credentials/solti-metrics.service",
    "/run/secrets/solti-metrics",
    "/var/lib/solti-metrics",
    "/var/cache/solti-metrics",
    "/opt/components",
    "/etc/solti-metrics",
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("serve_accepts_the_example", || {
            must_be_accepted(&deployed("serve.toml")?)
        }),
        trial("serve_rejects_a_wrong_configuration", refuses),
    ]
}

/// Checks settings, token, folders, and components that compile within their limits.
pub(crate) fn must_be_accepted(config: &str) -> Result<()> {
    let end = checked(config)?;
    ensure!(end.code == Some(0), "{end}");
    Ok(())
}

fn refuses() -> Result<()> {
    let right = deployed("serve.toml")?;
    for (found, wrong, named) in [
        (
            "shutdown_timeout =",
            "stop_timeout =",
            "runner.stop_timeout",
        ),
        ("provider.wasm", "provide.wasm", "backends.sink.component"),
        (
            "solti-metrics/in::",
            "solti-metrics/out::",
            "tasks.digest.dirs",
        ),
        (".service/token", ".service/tokens", "server.token_file"),
        ("\"1GiB\"", "\"1MiB\"", "digest.wasm"),
    ] {
        ensure!(right.contains(found), "nothing is {found}");
        let end = checked(&right.replace(found, wrong))?;
        let refused = end.code == Some(2) && end.stderr.contains(named);
        ensure!(refused, "{wrong}: {end}");
    }
    Ok(())
}

/// Runs `--check` with all files that the configurations name.
fn checked(config: &str) -> Result<End> {
    let folder = tempfile::tempdir()?;
    let here = folder.path();
    fs::create_dir(here.join("in"))?;
    for component in ["digest", "provider"] {
        let to = here.join(format!("{component}.wasm"));
        fs::copy(artifact(component, WASI), to)?;
    }
    fs::write(here.join("token"), "of-sixteen-bytes-or-more\n")?;
    fs::set_permissions(here.join("token"), fs::Permissions::from_mode(0o600))?;
    fs::write(here.join(FILE), moved(config, here))?;
    Running::start(&mut serve(here, &["--check", FILE]))?.end()
}

fn moved(config: &str, here: &Path) -> String {
    let here = here.display().to_string();
    FOLDERS.iter().fold(config.to_owned(), |config, folder| {
        config.replace(folder, &here)
    })
}

//! The systemd unit.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use crate::deploy::deployed;
use crate::deploy::settings::{Settings, bytes};

pub(super) const UNIT: &str = "solti-metrics.service";

/// The path of the command in the unit.
const COMMAND: &str = "/usr/bin/solti-metrics";

/// Maximum result of `systemd-analyze security`, from 0 to 100. The present result is 11.
const EXPOSURE: &str = "15";

pub(crate) fn trials() -> Vec<Trial> {
    let analyze = ReferenceTool::systemd_analyze();
    vec![
        trial("the_unit_fits_its_configuration", fits),
        trial("the_unit_allows_machine_code_to_be_made", allows_code),
        analyze.trial("systemd_accepts_the_unit", |analyze| {
            let said = verified(analyze, &deployed(UNIT)?)?;
            ensure!(said.status.success(), "{said:?}");
            ensure!(said.stderr.is_empty(), "systemd-analyze warns: {said:?}");
            Ok(())
        }),
        analyze.trial("systemd_reports_a_wrong_setting", |analyze| {
            let wrong = deployed(UNIT)?.replace("NoNewPrivileges=", "NoNewPrivilege=");
            let said = verified(analyze, &wrong)?;
            ensure!(!said.stderr.is_empty(), "systemd-analyze accepts {wrong}");
            Ok(())
        }),
        analyze.trial("systemd_finds_the_unit_little_exposed", |analyze| {
            let said = exposure(analyze, &deployed(UNIT)?)?;
            ensure!(said.status.success(), "{}", lossy(&said.stdout));
            let open = deployed(UNIT)?.replace("SystemCallFilter=", "#");
            let said = exposure(analyze, &open)?;
            ensure!(
                !said.status.success(),
                "systemd-analyze gives the same grade: {open}"
            );
            Ok(())
        }),
    ]
}

fn fits() -> Result<()> {
    let (unit, config) = (deployed(UNIT)?, Settings::read(&deployed("serve.toml")?)?);
    let stop = value(&unit, "TimeoutStopSec")?.trim_end_matches('s');
    ensure!(stop.parse::<u64>()? > config.stop()?, "killed at {stop}");

    let memory = bytes(value(&unit, "MemoryMax")?)?;
    let needed = config.memory()?;
    ensure!(memory > needed, "{needed} bytes do not fit into {memory}");

    let cache = format!("/var/cache/{}/", value(&unit, "CacheDirectory")?);
    let configured = config.text("compilation", "cache")?;
    ensure!(configured.starts_with(&cache), "{configured}");

    let (name, _) = value(&unit, "LoadCredential")?
        .split_once(':')
        .context("no name")?;
    let token = format!("/run/credentials/{UNIT}/{name}");
    ensure!(config.text("server", "token_file")? == token);

    for start in ["ExecStart", "ExecStartPre"] {
        let start = value(&unit, start)?;
        ensure!(start.starts_with(&format!("{COMMAND} serve ")), "{start}");
    }
    Ok(())
}

fn allows_code() -> Result<()> {
    ensure!(value(&deployed(UNIT)?, "MemoryDenyWriteExecute")? == "no");
    Ok(())
}

/// The first value of a setting.
fn value<'a>(unit: &'a str, key: &str) -> Result<&'a str> {
    let mut lines = unit.lines();
    let found = lines.find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    found.with_context(|| format!("no {key}="))
}

/// The command is not installed on this machine, so another program replaces it.
fn verified(analyze: &Path, unit: &str) -> Result<Output> {
    asked(analyze, unit, &["verify", "--man=no"])
}

fn exposure(analyze: &Path, unit: &str) -> Result<Output> {
    let threshold = format!("--threshold={EXPOSURE}");
    let security = ["security", "--offline=true", "--no-pager", &threshold];
    asked(analyze, unit, &security)
}

fn asked(analyze: &Path, unit: &str, arguments: &[&str]) -> Result<Output> {
    let place = tempfile::tempdir()?;
    let file = place.path().join(UNIT);
    fs::write(&file, unit.replace(COMMAND, "/bin/true"))?;
    let mut command = Command::new(analyze);
    let output = command.args(arguments).arg(&file).output();
    output.with_context(|| analyze.display().to_string())
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

//! The parent process: starts a child for a target, and reads its result.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use solti_metrics_tests::child::{GUARD, Running};

use crate::seeds;
use crate::session::{FOUND, Session, repeated};
use crate::target::Target;
use crate::targets::TARGETS;

/// Variable with the name of the target, in a child.
const CHILD: &str = "FUZZ_CHILD";

/// Variables of the user.
const SECONDS: &str = "FUZZ_SECONDS";
const SEED: &str = "FUZZ_SEED";
const INPUT: &str = "FUZZ_INPUT";
const CORPUS: &str = "FUZZ_CORPUS";

/// Time of each target, unless `FUZZ_SECONDS` is set.
const DEFAULT_SECONDS: u64 = 10;

/// Runs the session of this process, if it is a child.
#[must_use]
pub fn child(folder: &Path) -> Option<ExitCode> {
    let name = env::var(CHILD).ok()?;
    let run = || -> Result<ExitCode> {
        let target = TARGETS.iter().find(|it| it.name == name);
        let target = *target.with_context(|| format!("no target {name}"))?;
        let seed = number(SEED)?.context("the parent chooses a seed")?;
        let session = Session {
            target,
            time: time()?,
            seed,
            folder: folder.join(target.name),
            only: env::var_os(INPUT).map(PathBuf::from),
            started: Instant::now(),
        };
        session.run()
    };
    Some(run().unwrap_or_else(|error| {
        #[expect(clippy::print_stderr, reason = "the parent reads it")]
        {
            eprintln!("{error:#}");
        }
        ExitCode::FAILURE
    }))
}

/// Runs a target in a child of this program, and returns the summary.
///
/// # Errors
///
/// When there is a finding: it is in a file, and the error contains the command that repeats it.
pub fn fuzz(target: &Target, folder: &Path) -> Result<String> {
    if let Some(corpus) = env::var_os(CORPUS) {
        seeds::write(target, Path::new(&corpus))?;
        return Ok(format!("{}: the seeds are written", target.name));
    }
    let seed = number(SEED)?.unwrap_or_else(|| fastrand::u64(..));
    let time = time()?;
    let mut command = Command::new(env::current_exe()?);
    command
        .env(CHILD, target.name)
        .env(SEED, seed.to_string())
        .env("RUST_BACKTRACE", "0");
    let running = Running::start(&mut command)?.within(time + target.limits.time + GUARD);
    let current = folder.join(target.name).join("current");
    let end = running
        .end()
        .with_context(|| repeated(target, &current, "the child did not end"))?;
    match end.code {
        Some(0) => Ok(end.stdout.trim().to_owned()),
        Some(code) if code == i32::from(FOUND) => bail!("{}", end.stdout.trim()),
        _ => bail!(
            "{}",
            repeated(target, &current, &format!("the process ended: {end}"))
        ),
    }
}

fn time() -> Result<Duration> {
    Ok(Duration::from_secs(
        number(SECONDS)?.unwrap_or(DEFAULT_SECONDS),
    ))
}

fn number(name: &str) -> Result<Option<u64>> {
    let text = env::var(name).ok();
    let number = text.map(|text| text.parse().with_context(|| format!("{name}={text}")));
    number.transpose()
}

//! Runs each target for a bounded time, in a child process with limits.
//!
//! - `FUZZ_SECONDS`: time of each target, in seconds. The default is 10.
//! - `FUZZ_SEED`: number that determines the inputs. The default is random, and each run prints it.
//! - `FUZZ_INPUT`: file with a single input to run instead.
//! - `FUZZ_CORPUS`: folder into which the seeds are written, instead of a run.

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Failed, Trial};
use solti_metrics_fuzz::{TARGETS, child};
use solti_metrics_tests::trial::arguments;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    if let Some(exit) = child::child(&folder) {
        return exit;
    }
    let trials = TARGETS.iter().map(|target| {
        let folder = folder.clone();
        Trial::test(target.name, move || {
            let summary =
                child::fuzz(target, &folder).map_err(|it| Failed::from(format!("{it:#}")))?;
            #[expect(
                clippy::print_stderr,
                reason = "the number of inputs belongs to the result"
            )]
            {
                eprintln!("{summary}");
            }
            Ok(())
        })
    });
    libtest_mimic::run(&arguments(), trials.collect()).exit_code()
}

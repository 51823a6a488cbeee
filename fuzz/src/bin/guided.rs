//! Runs the target of the variable `FUZZ_TARGET` under libFuzzer. `make fuzz` starts it.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use solti_metrics_fuzz::{TARGETS, Target, finding::finding, panics};

/// The target that the user chose.
static CHOSEN: LazyLock<Option<&Target>> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    panics::watch();
    TARGETS.iter().find(|target| target.name == name)
});

fuzz_target!(|input: &[u8]| {
    #[expect(clippy::print_stderr, reason = "the user of libFuzzer reads it")]
    {
        let Some(target) = *CHOSEN else {
            eprintln!("FUZZ_TARGET is not the name of a target");
            std::process::exit(2);
        };
        if let Some(found) = finding(target, input) {
            eprintln!("{found}");
            // libFuzzer keeps the input of an aborted run.
            std::process::abort();
        }
    }
});

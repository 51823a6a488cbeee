//! Limits of the process itself: no component is blamed for them.

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::guest::component;

use crate::artifacts::place::Place;

/// What would be said of a component that is at fault.
const BLAMES: [&str; 5] = [
    "the cause is in the guest",
    "trapped",
    "takes more than",
    "does not conform",
    "use --max-memory",
];

/// A place with a provider, and a guest that has a memory.
fn place() -> Result<Place> {
    let guest = component(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))
            (memory 1)
            (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#,
    )?;
    let place = Place::with(&guest)?;
    std::fs::copy(artifact("provider", WASI), place.path("provider.wasm"))?;
    Ok(place)
}

fn limited(place: &Place, limit: &str, args: &[&str]) -> Result<End> {
    let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    Running::start(&mut place.shell(&script, args)?)?.end()
}

/// A memory of a few pages reserves gigabytes of address space.
#[test]
fn address_space_that_is_limited_is_named_and_nobody_is_blamed() -> Result<()> {
    let place = place()?;
    for args in [
        &[
            "run",
            "--no-cache",
            "--recording-mode",
            "direct",
            "guest.wasm",
        ][..],
        &[
            "run",
            "--no-cache",
            "guest.wasm",
            "--backend",
            "./provider.wasm",
        ],
        &[
            "conformance",
            "--no-cache",
            "--records",
            "100",
            "provider.wasm",
        ],
    ] {
        let end = limited(&place, "-v 3000000", args)?;
        ensure!(end.code == Some(1), "{args:?}: {end}");
        let said = format!("{}{}", end.stdout, end.stderr);
        let named = "its address space is limited to 2929 MiB (RLIMIT_AS, `ulimit -v`)";
        ensure!(said.contains(named), "{args:?}: {end}");
        for blame in BLAMES {
            ensure!(!said.contains(blame), "{args:?}: {blame}: {end}");
        }
    }
    Ok(())
}

/// There is room for one instance of it, and none for that which takes its place.
#[test]
fn a_component_that_could_not_be_tested_to_the_end_is_not_told_to_fail() -> Result<()> {
    let place = place()?;
    let args = [
        "conformance",
        "--no-cache",
        "--records",
        "100",
        "provider.wasm",
    ];
    let end = limited(&place, "-v 6500000", &args)?;
    ensure!(end.code == Some(1), "{end}");
    ensure!(end.stdout.contains("✓ starts"), "{end}");
    ensure!(!end.stdout.contains("does not conform"), "{end}");
    let untested = "error: provider.wasm: could not be tested: ";
    ensure!(end.stderr.contains(untested), "{end}");
    ensure!(end.stderr.contains("RLIMIT_AS"), "{end}");
    Ok(())
}

/// The process that compiles has the limits of the one that has started it, and those
/// may be lower than what it may take. How little is too little depends on the build:
/// of several limits, the lower ones are.
#[test]
fn compiling_within_a_lower_limit_is_not_told_to_take_more_than_its_own() -> Result<()> {
    let place = place()?;
    let test = [
        "conformance",
        "--no-cache",
        "--records",
        "100",
        "provider.wasm",
    ];
    let check = ["check", "--no-cache", "provider.wasm"];
    let data = [6_000, 8_000, 12_000].map(|kib| format!("-d {kib}"));
    let files: Vec<_> = (12..=20).map(|files| format!("-n {files}")).collect();
    for (limits, args, named) in [
        (&data[..], &check[..], "(RLIMIT_DATA, `ulimit -d`)"),
        (&files[..], &test[..], "(RLIMIT_NOFILE, `ulimit -n`)"),
    ] {
        let mut seen = false;
        for limit in limits {
            let end = limited(&place, limit, args)?;
            seen |= end.code == Some(1) && end.stderr.contains(named);
            for blame in BLAMES {
                ensure!(!end.stderr.contains(blame), "{limit}: {end}");
                ensure!(!end.stdout.contains(blame), "{limit}: {end}");
            }
        }
        ensure!(seen, "{named} was not told for any of {limits:?}");
    }
    Ok(())
}

/// Which limit is in the way shows at the start, and before a library panics.
#[test]
fn a_command_that_cannot_start_names_the_limit() -> Result<()> {
    let place = place()?;
    std::fs::write(
        place.path("serve.toml"),
        "[tasks.guest]\ncomponent = \"guest.wasm\"\n",
    )?;
    let files = [4, 8, 9].map(|files| {
        let named = format!("it may have {files} (RLIMIT_NOFILE, `ulimit -n`)");
        (format!("-n {files}"), named)
    });
    // Around the first that has memory for the threads, there may be none for more.
    let sizes = (10_000..=40_000).step_by(1_500);
    let data = sizes.map(|kib| {
        let named = format!("its data is limited to {} MiB (RLIMIT_DATA", kib >> 10);
        (format!("-d {kib}"), named)
    });
    for (limit, named) in files.into_iter().chain(data) {
        for args in [
            &["run", "guest.wasm"][..],
            &["serve", "serve.toml"],
            &["conformance", "provider.wasm"],
        ] {
            let end = limited(&place, &limit, args)?;
            ensure!(end.code == Some(1), "{limit} {args:?}: {end}");
            ensure!(end.stderr.contains(&named), "{limit} {args:?}: {end}");
            ensure!(!end.stderr.contains("panicked"), "{limit} {args:?}: {end}");
        }
    }
    Ok(())
}

#[test]
fn a_command_needs_no_large_stack_of_its_first_thread() -> Result<()> {
    let place = place()?;
    for (args, code) in [
        (&["check", "--no-cache", "provider.wasm"][..], 0),
        (&["run", "--no-cache", "guest.wasm"], 0),
        (&["run", "none.wasm"], 1),
        (&["run"], 2),
    ] {
        let end = limited(&place, "-s 128", args)?;
        ensure!(end.code == Some(code), "{args:?}: {end}");
    }
    Ok(())
}

/// With cached code, a run fails where it opens something for the task itself.
#[test]
fn a_run_without_descriptors_names_them_and_no_threads() -> Result<()> {
    let place = place()?;
    place.succeeds(&["run", "guest.wasm"])?;
    let mut seen = false;
    for files in 12..=20 {
        let end = limited(&place, &format!("-n {files}"), &["run", "guest.wasm"])?;
        if end.code == Some(0) {
            continue;
        }
        seen = true;
        let named = format!("it may have {files} (RLIMIT_NOFILE, `ulimit -n`)");
        ensure!(end.stderr.contains(&named), "{files}: {end}");
        ensure!(!end.stderr.contains("more threads"), "{files}: {end}");
    }
    ensure!(seen, "every limit was enough");
    Ok(())
}

#[test]
fn a_file_that_cannot_be_read_or_written_for_a_limit_is_not_blamed() -> Result<()> {
    let place = place()?;
    let args = [
        "precompile",
        "--no-cache",
        "--artifact-key",
        "key",
        "guest.wasm",
        "-o",
        "out",
    ];
    // No file can be larger than nothing, and than less than the code takes.
    for limit in ["-f 0", "-f 1"] {
        let end = limited(&place, limit, &args)?;
        ensure!(end.code == Some(1), "{limit}: {end}");
        let named = "(RLIMIT_FSIZE, `ulimit -f`); raise that limit\n";
        ensure!(end.stderr.ends_with(named), "{limit}: {end}");
    }
    for files in 4..=6 {
        let end = limited(&place, &format!("-n {files}"), &args)?;
        ensure!(end.code == Some(1), "{files}: {end}");
        let named = format!("it may have {files} (RLIMIT_NOFILE, `ulimit -n`)");
        ensure!(end.stderr.contains(&named), "{files}: {end}");
        ensure!(!end.stderr.contains("name a file"), "{files}: {end}");
    }
    Ok(())
}

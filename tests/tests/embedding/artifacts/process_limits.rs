//! Limits of the process itself: their errors blame no component.

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};
use solti_metrics_tests::child::{End, Running};
use solti_metrics_tests::guest::component;

use crate::artifacts::test_folder::TestFolder;

/// Messages that would blame the component.
const BLAMES: [&str; 5] = [
    "the cause is in the guest",
    "trapped",
    "exceeds",
    "does not conform",
    "use --max-memory",
];

/// A folder with a provider, and a guest with a memory.
fn place() -> Result<TestFolder> {
    let guest = component(
        r#"(module
            (import "solti:metrics/backend@0.1.0" "record-task-started" (func (param i32)))
            (memory 1)
            (func (export "wasi:cli/run@0.2.12#run") (result i32) i32.const 0))"#,
    )?;
    let place = TestFolder::with(&guest)?;
    std::fs::copy(artifact("provider", WASI), place.path("provider.wasm"))?;
    Ok(place)
}

fn limited(place: &TestFolder, limit: &str, args: &[&str]) -> Result<End> {
    let script = format!("ulimit {limit} && exec \"$0\" \"$@\"");
    Running::start(&mut place.shell(&script, args)?)?.end()
}

/// A memory of a few pages reserves gigabytes of address space.
#[test]
fn a_limit_on_address_space_is_named_and_no_component_is_blamed() -> Result<()> {
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
        let named =
            "the address space of the process is limited to 2929 MiB (RLIMIT_AS, `ulimit -v`)";
        ensure!(said.contains(named), "{args:?}: {end}");
        for blame in BLAMES {
            ensure!(!said.contains(blame), "{args:?}: {blame}: {end}");
        }
    }
    Ok(())
}

/// The limit allows one instance of the component, and not a second one that replaces it.
#[test]
fn an_incomplete_conformance_test_does_not_report_a_failing_component() -> Result<()> {
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

/// The compiling process inherits the limits of its parent, which may be lower than its
/// own limit. The critical value depends on the build, so the test tries several limits.
/// The lower ones are critical.
#[test]
fn compiling_within_a_lower_limit_names_the_limit_of_the_process() -> Result<()> {
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
        ensure!(seen, "{named} was not named for any of {limits:?}");
    }
    Ok(())
}

/// The failing limit is known at the start, before a library panics.
#[test]
fn a_command_that_cannot_start_names_the_limit() -> Result<()> {
    let place = place()?;
    std::fs::write(
        place.path("serve.toml"),
        "[tasks.guest]\ncomponent = \"guest.wasm\"\n",
    )?;
    let files = [4, 8, 9].map(|files| {
        let named = format!("the process may have {files} open files (RLIMIT_NOFILE, `ulimit -n`)");
        (format!("-n {files}"), named)
    });
    // Around the smallest size that suffices for the threads, no memory may be left for
    // other data.
    let sizes = (10_000..=40_000).step_by(1_500);
    let data = sizes.map(|kib| {
        let named = format!(
            "the data of the process is limited to {} MiB (RLIMIT_DATA",
            kib >> 10
        );
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
fn a_command_needs_no_large_stack_for_its_first_thread() -> Result<()> {
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

/// With cached code, a run fails when it opens a descriptor for the task itself.
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
        let named = format!("the process may have {files} open files (RLIMIT_NOFILE, `ulimit -n`)");
        ensure!(end.stderr.contains(&named), "{files}: {end}");
        ensure!(!end.stderr.contains("more threads"), "{files}: {end}");
    }
    ensure!(seen, "every limit was enough");
    Ok(())
}

#[test]
fn a_limit_that_prevents_reading_or_writing_blames_no_file() -> Result<()> {
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
    // The limits allow no file at all, and only files smaller than the code.
    for limit in ["-f 0", "-f 1"] {
        let end = limited(&place, limit, &args)?;
        ensure!(end.code == Some(1), "{limit}: {end}");
        let named = "(RLIMIT_FSIZE, `ulimit -f`); raise that limit\n";
        ensure!(end.stderr.ends_with(named), "{limit}: {end}");
    }
    for files in 4..=6 {
        let end = limited(&place, &format!("-n {files}"), &args)?;
        ensure!(end.code == Some(1), "{files}: {end}");
        let named = format!("the process may have {files} open files (RLIMIT_NOFILE, `ulimit -n`)");
        ensure!(end.stderr.contains(&named), "{files}: {end}");
        ensure!(!end.stderr.contains("name a file"), "{files}: {end}");
    }
    Ok(())
}

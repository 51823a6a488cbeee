//! `compose`: the output is a program that needs no metrics host, and is written
//! completely or not at all.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{BARE, WASI, artifact};

use crate::cli::terminal::{ESCAPE, at_terminal};
use crate::cli::test_folder::{TestFolder, digest};
use solti_metrics_tests::child::Running;

#[test]
fn a_composition_runs_without_a_metrics_host() -> Result<()> {
    let place = TestFolder::with_files(&["a", "b"])?;
    let (digest, middleware, provider) = (digest(), built("middleware", BARE), provider());
    let end = place.run(&["compose", &digest, &middleware, &provider, "-o", "app.wasm"])?;
    ensure!(end.code == Some(0) && end.stderr.is_empty(), "{end}");
    let told = "app.wasm: digest.wasm + middleware.wasm + lines.wasm, ";
    ensure!(end.stdout.starts_with(told), "{end}");
    let imports = "; imports wasi:cli, wasi:clocks, wasi:filesystem, wasi:io\n";
    ensure!(end.stdout.ends_with(imports), "{end}");

    let run = place.run(&["run", "--dir", ".", "app.wasm", "--", "in"])?;
    ensure!(run.code == Some(0), "{run}");
    for line in ["1 container started", "3 container started"] {
        ensure!(run.stdout.lines().any(|it| it == line), "{line}: {run}");
    }
    ensure!(run.stdout.lines().count() == 6, "{run}");
    only(&place, &["app.wasm", "in"])
}

#[test]
fn standard_output_gets_only_the_component() -> Result<()> {
    let place = TestFolder::new()?;
    let parts = [digest(), provider()];
    for (script, line) in [
        (r#""$0" compose "$@" -o file.wasm"#, ""),
        (r#""$0" compose "$@" -o - > dash.wasm"#, "-: "),
        (r#""$0" compose "$@" -o - | cat > pipe.wasm"#, "-: "),
        (
            r#""$0" compose -o /dev/stdout "$@" > device.wasm"#,
            "stdout: ",
        ),
    ] {
        let parts = parts.each_ref().map(String::as_str);
        let end = Running::start(&mut place.shell(script, &parts)?)?.end()?;
        ensure!(end.code == Some(0) && end.stderr.starts_with(line), "{end}");
    }
    let file = fs::read(place.path("file.wasm"))?;
    ensure!(file.starts_with(b"\0asm"));
    for name in ["dash.wasm", "pipe.wasm", "device.wasm"] {
        ensure!(fs::read(place.path(name))? == file, "{name} differs");
    }
    Ok(())
}

#[test]
fn a_stream_under_another_name_gets_the_component_appended() -> Result<()> {
    let place = TestFolder::with_files(&[])?;
    let parts = [digest(), provider()];
    let parts = parts.each_ref().map(String::as_str);
    symlink("/dev/stdout", place.path("stdout"))?;
    symlink("/dev/fd/5", place.path("five"))?;
    let compose = |script: &str| -> Result<_> {
        let script = format!("printf head > out; {script}");
        let end = Running::start(&mut place.shell(&script, &parts)?)?.end()?;
        ensure!(end.code == Some(0), "{script}: {end}");
        Ok((end, fs::read(place.path("out"))?))
    };
    let (_, file) = compose(r#""$0" compose "$@" -o out"#)?;
    let appended = [b"head", &*file].concat();
    for (script, to_stderr) in [
        (r#""$0" compose "$@" -o stdout >> out"#, true),
        (r#""$0" compose "$@" -o stdout | cat >> out"#, true),
        (
            r#""$0" compose "$@" -o /proc/thread-self/fd/1 >> out"#,
            true,
        ),
        (
            r#""$0" compose "$@" -o /dev/fd/5 5>&1 >> out | cat >> out"#,
            true,
        ),
        (r#""$0" compose "$@" -o out >> out"#, true),
        (r#""$0" compose "$@" -o /dev/fd/5 5>> out"#, true),
        (r#""$0" compose "$@" -o five 5>> out"#, true),
        (r#""$0" compose "$@" -o /dev/stderr 2>> out"#, false),
    ] {
        let (end, out) = compose(script)?;
        ensure!(out == appended, "{script}: {end}");
        let (told, silent) = match to_stderr {
            true => (&end.stderr, &end.stdout),
            false => (&end.stdout, &end.stderr),
        };
        ensure!(told.contains(" + ") && silent.is_empty(), "{script}: {end}");
    }
    Ok(())
}

#[test]
fn a_terminal_gets_no_binary_output() -> Result<()> {
    let place = TestFolder::new()?;
    for output in ["-", "/dev/stdout", "/dev/tty"] {
        let args = format!("compose {} {} -o {output}", digest(), provider());
        let end = at_terminal(&place, &args)?;
        ensure!(end.code == Some(2), "{end}");
        let said = format!("error: {output} is a terminal, ");
        ensure!(end.stdout.starts_with(&said), "{end}");
        ensure!(!end.stdout.contains([ESCAPE, '\0']), "{end}");
    }
    Ok(())
}

/// Wrong arguments, and the expected message.
const WRONG: [(&[&str], &str); 6] = [
    (
        &["PROVIDER", "DIGEST"],
        "lines.wasm: is a provider, and the guest is expected",
    ),
    (
        &["DIGEST", "MIDDLEWARE"],
        "middleware.wasm: is a middleware, and the",
    ),
    (
        &["PROVIDER", "PROVIDER"],
        "lines.wasm: is a provider, and the guest is expected",
    ),
    (
        &["DIGEST", "missing.wasm"],
        "missing.wasm: cannot read the component: ",
    ),
    (
        &["text.wasm", "PROVIDER"],
        "text.wasm: is not a WebAssembly component but text",
    ),
    // The library that composes has an assertion for this case.
    (&["odd.wasm", "PROVIDER"], "cannot compose the components: "),
];

#[test]
fn a_failure_leaves_the_old_file_unchanged() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("text.wasm", b"mine, too")?;
    place.write("odd.wasm", &odd()?)?;
    place.write("app.wasm", b"mine")?;
    let (digest, middleware, provider) = (digest(), built("middleware", BARE), provider());
    for (parts, said) in WRONG {
        for output in ["app.wasm", "other.wasm"] {
            let mut args = vec!["compose", "-o", output];
            args.extend(parts.iter().map(|part| match *part {
                "DIGEST" => digest.as_str(),
                "MIDDLEWARE" => &middleware,
                "PROVIDER" => &provider,
                other => other,
            }));
            let end = place.run(&args)?;
            ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
            ensure!(
                end.stderr.starts_with("error: ") && end.stderr.contains(said),
                "{end}"
            );
            ensure!(end.stderr.lines().count() == 1, "{end}");
        }
    }
    ensure!(fs::read(place.path("app.wasm"))? == b"mine");
    only(&place, &["app.wasm", "odd.wasm", "text.wasm"])
}

#[test]
fn an_output_that_cannot_be_written_is_named() -> Result<()> {
    let place = TestFolder::new()?;
    fs::create_dir(place.path("folder"))?;
    for output in ["folder", "missing/app.wasm", "..", "/dev/full"] {
        let end = place.run(&["compose", &digest(), &provider(), "-o", output])?;
        ensure!(end.code == Some(1) && end.stdout.is_empty(), "{end}");
        let said = format!("error: cannot write {output}: ");
        ensure!(end.stderr.starts_with(&said), "{end}");
        ensure!(
            end.stderr.ends_with("; name a file that can be written\n"),
            "{end}"
        );
    }
    only(&place, &["folder"])
}

#[test]
fn an_output_behind_a_link_is_replaced_in_its_folder() -> Result<()> {
    let place = TestFolder::new()?;
    place.write("real/app.wasm", b"old")?;
    symlink("real/app.wasm", place.path("link.wasm"))?;
    // A reader with the old file open keeps it, also under this name.
    fs::hard_link(place.path("real/app.wasm"), place.path("old.wasm"))?;
    // The output may be the guest itself: the command reads it before it writes.
    fs::copy(digest(), place.path("guest.wasm"))?;
    for (guest, output) in [
        (digest().as_str(), "link.wasm"),
        ("guest.wasm", "guest.wasm"),
    ] {
        let end = place.run(&["compose", guest, &provider(), "-o", output])?;
        ensure!(end.code == Some(0), "{end}");
    }
    ensure!(place.path("link.wasm").is_symlink());
    let (real, guest) = (place.path("real/app.wasm"), place.path("guest.wasm"));
    ensure!(fs::read(&real)? == fs::read(guest)?);
    ensure!(fs::read(place.path("old.wasm"))? == b"old");
    only(&place, &["guest.wasm", "link.wasm", "old.wasm", "real"])?;
    ensure!(fs::read_dir(place.path("real"))?.count() == 1);
    Ok(())
}

#[test]
fn a_named_pipe_gets_the_component() -> Result<()> {
    let place = TestFolder::new()?;
    let script = r#"mkfifo pipe; cat pipe > got & "$0" compose "$@" -o pipe; wait"#;
    let parts = [digest(), provider()];
    let parts = parts.each_ref().map(String::as_str);
    let end = Running::start(&mut place.shell(script, &parts)?)?.end()?;
    ensure!(
        end.code == Some(0) && end.stderr.starts_with("pipe: "),
        "{end}"
    );
    ensure!(fs::read(place.path("got"))?.starts_with(b"\0asm"));
    Ok(())
}

#[test]
fn wrong_use_and_failures_have_different_exit_codes() -> Result<()> {
    let place = TestFolder::new()?;
    for args in [
        &["compose"][..],
        &["compose", "guest.wasm", "-o", "app.wasm"],
        &["compose", "guest.wasm", "lines.wasm"],
        &["compose", "guest.wasm", "lines.wasm", "-o"],
    ] {
        let end = place.run(args)?;
        ensure!(end.code == Some(2) && end.stdout.is_empty(), "{end}");
        ensure!(end.stderr.contains("--output"), "{end}");
    }
    only(&place, &[])
}

/// Asserts that the folder has exactly these names.
fn only(place: &TestFolder, names: &[&str]) -> Result<()> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place.path(""))? {
        found.push(entry?.file_name().to_string_lossy().into_owned());
    }
    found.sort();
    ensure!(found == names, "{found:?}");
    Ok(())
}

/// A guest that records and imports a core module within an instance.
fn odd() -> Result<Vec<u8>> {
    Ok(wat::parse_str(
        r#"(component
            (import "solti:metrics/backend@0.1.0" (instance))
            (import "acme:a/b" (instance (export "m" (core module)))))"#,
    )?)
}

fn provider() -> String {
    built("lines", WASI)
}

fn built(name: &str, target: &str) -> String {
    let path = artifact(name, target);
    Path::display(&path).to_string()
}

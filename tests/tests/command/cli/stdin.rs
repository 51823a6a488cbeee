//! `-` and `/dev/stdin` are the command's own standard input, of any kind.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Output, Stdio};

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::guests;

use crate::cli::backends::example;
use crate::cli::test_folder::TestFolder;

const NAMES: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

fn with(place: &TestFolder, args: &[&str], stdin: Stdio) -> Result<Output> {
    Ok(place.command(args)?.stdin(stdin).output()?)
}

fn pipe(text: &[u8]) -> Result<Stdio> {
    let (reader, mut writer) = std::io::pipe()?;
    writer.write_all(text)?;
    Ok(reader.into())
}

/// A socket, as Node and inetd pass it.
fn socket(text: &[u8]) -> Result<Stdio> {
    let (reader, mut writer) = UnixStream::pair()?;
    writer.write_all(text)?;
    Ok(OwnedFd::from(reader).into())
}

/// A file whose beginning the parent process has read.
fn file(text: &[u8]) -> Result<Stdio> {
    let mut file: File = tempfile::tempfile()?;
    file.write_all(b"read already\n")?;
    let read = file.stream_position()?;
    file.write_all(text)?;
    file.seek(SeekFrom::Start(read))?;
    Ok(file.into())
}

#[test]
fn a_guest_reads_standard_input_of_any_kind() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    for name in NAMES {
        for made in [pipe, socket, file] {
            let args = ["run", "--stdin", name, "guest.wasm"];
            let output = with(&place, &args, made(b"one\ntwo\n")?)?;
            let printed = output.stdout == b"guest.wasm\none\ntwo\n";
            ensure!(output.status.success() && printed, "{name}: {output:?}");
        }
    }
    Ok(())
}

#[test]
fn a_component_is_read_from_standard_input() -> Result<()> {
    let place = TestFolder::with(&guests::looper()?)?;
    let guest = recording(&[Event::TaskStarted {
        runner: RunnerType::Wasm,
    }])?;
    let provider = example("provider");
    for name in NAMES {
        for made in [socket, file] {
            for args in [
                &["check", name][..],
                &["run", name],
                &["compose", name, &provider, "-o", "made.wasm"],
            ] {
                let output = with(&place, args, made(&guest)?)?;
                ensure!(output.status.success(), "{args:?}: {output:?}");
            }
        }
    }
    let config = "[tasks.t]\ncomponent = \"-\"\n";
    place.write("below/serve.toml", config.as_bytes())?;
    let args = ["serve", "--check", "below/serve.toml"];
    let output = with(&place, &args, pipe(&guest)?)?;
    ensure!(output.status.success(), "{output:?}");
    Ok(())
}

#[test]
fn a_backend_from_standard_input_excludes_other_uses_of_it() -> Result<()> {
    let place = TestFolder::with(&recording(&[])?)?;
    let provider = std::fs::read(example("provider"))?;
    for name in ["-", "/dev/stdin"] {
        let args = ["run", "--backend", name, "guest.wasm"];
        let output = with(&place, &args, file(&provider)?)?;
        ensure!(output.status.success(), "{name}: {output:?}");
    }
    for args in [
        &["run", "-", "--stdin", "-"][..],
        &["run", "--backend", "-", "/dev/stdin"],
        &[
            "run",
            "--middleware",
            "-",
            "guest.wasm",
            "--stdin",
            "/dev/fd/0",
        ],
        &["compose", "-", "-", "-o", "out.wasm"],
        &["conformance", "-", "--stdin", "-"],
    ] {
        let output = with(&place, args, Stdio::null())?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let why = "are both standard input, which can be read only once";
        ensure!(
            output.status.code() == Some(2) && told.contains(why),
            "{args:?}: {told}"
        );
    }
    Ok(())
}

#[test]
fn an_input_that_is_open_only_for_writing_is_rejected() -> Result<()> {
    let place = TestFolder::with(&guests::echo()?)?;
    let input = File::create(place.path("input"))?;
    let output = with(&place, &["run", "--stdin", "-", "guest.wasm"], input.into())?;
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    let refused = told.contains("it is open for writing only");
    ensure!(output.status.code() == Some(1) && refused, "{told}");
    Ok(())
}

#[test]
fn arguments_are_echoed_without_hidden_characters() -> Result<()> {
    let place = TestFolder::new()?;
    let hidden = ['\u{1b}', '\u{202e}', '\u{9b}', '\u{e0041}', '\n'];
    for hidden in hidden {
        let argument = format!("--a{hidden}error: forged");
        let end = place.run(&["run", &argument, "guest.wasm"])?;
        let shown = argument.replace(hidden, &hidden.escape_default().to_string());
        ensure!(end.code == Some(2) && end.stderr.contains(&shown), "{end}");
        ensure!(!end.stderr.contains(&argument), "{end}");
    }
    Ok(())
}

//! `-` and `/dev/stdin` are the command's own standard input, whatever that is.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Output, Stdio};

use anyhow::{Result, ensure};
use solti_metrics::{Event, RunnerType};
use solti_metrics_tests::guest::recording;
use solti_metrics_tests::guests;

use crate::backends::example;
use crate::place::Place;

const NAMES: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

fn with(place: &Place, args: &[&str], stdin: Stdio) -> Result<Output> {
    Ok(place.command(args)?.stdin(stdin).output()?)
}

fn pipe(text: &[u8]) -> Result<Stdio> {
    let (reader, mut writer) = std::io::pipe()?;
    writer.write_all(text)?;
    Ok(reader.into())
}

/// As from Node, and from inetd.
fn socket(text: &[u8]) -> Result<Stdio> {
    let (reader, mut writer) = UnixStream::pair()?;
    writer.write_all(text)?;
    Ok(OwnedFd::from(reader).into())
}

/// Of which whoever started the command has read the beginning.
fn file(text: &[u8]) -> Result<Stdio> {
    let mut file: File = tempfile::tempfile()?;
    file.write_all(b"read already\n")?;
    let read = file.stream_position()?;
    file.write_all(text)?;
    file.seek(SeekFrom::Start(read))?;
    Ok(file.into())
}

#[test]
fn a_guest_reads_whatever_the_command_has_as_its_input() -> Result<()> {
    let place = Place::with(&guests::echo()?)?;
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
fn a_component_may_come_from_there() -> Result<()> {
    let place = Place::with(&guests::looper()?)?;
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

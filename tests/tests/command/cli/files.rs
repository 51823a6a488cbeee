//! Paths that are not regular files: the command never waits for input that may not come.

use std::os::unix::net::UnixListener;
use std::process::Command;

use anyhow::{Result, ensure};
use solti_metrics_tests::artifact::{WASI, artifact};

use crate::cli::test_folder::{TestFolder, digest};

/// Each use of a file on the command line. `FILE` stands for the path.
const USES: [&[&str]; 9] = [
    &["run", "FILE"],
    &["run", "--backend", "./FILE", "GUEST"],
    &["run", "--middleware", "./FILE", "GUEST"],
    &["run", "--artifact-key", "FILE", "GUEST"],
    &["check", "FILE"],
    &["conformance", "FILE"],
    &["precompile", "-o", "x", "--artifact-key", "key", "FILE"],
    &["precompile", "-o", "x", "--artifact-key", "FILE", "GUEST"],
    &["compose", "-o", "x", "FILE", "PROVIDER"],
];

#[test]
fn pipes_sockets_and_devices_are_rejected_for_each_file_option() -> Result<()> {
    let place = TestFolder::new()?;
    let made = Command::new("mkfifo").arg(place.path("pipe")).status()?;
    ensure!(made.success(), "mkfifo: {made}");
    let _listens = UnixListener::bind(place.path("socket"))?;
    std::os::unix::fs::symlink("/dev/zero", place.path("device"))?;
    let (guest, provider) = (digest(), artifact("provider", WASI).display().to_string());
    for (file, kind) in [
        ("pipe", "it is a named pipe, not a regular file"),
        ("socket", "it is a socket, not a regular file"),
        ("device", "it is a device, not a regular file"),
    ] {
        for args in USES {
            let args = args.iter().map(|arg| match *arg {
                "GUEST" => guest.clone(),
                "PROVIDER" => provider.clone(),
                arg => arg.replace("FILE", file),
            });
            let args: Vec<_> = args.collect();
            let args: Vec<_> = args.iter().map(String::as_str).collect();
            let end = place.run(&args)?;
            ensure!(end.code == Some(1), "{args:?}: {end}");
            ensure!(end.stderr.contains(kind), "{args:?}: {end}");
        }
    }
    Ok(())
}

#[test]
fn vectors_are_read_from_regular_files_of_a_bounded_size() -> Result<()> {
    let place = TestFolder::new()?;
    let provider = artifact("provider", WASI).display().to_string();
    let args = ["conformance", "--vectors", "vectors", &provider];
    place.write("vectors/large.json", &vec![b' '; (1 << 20) + 1])?;
    let end = place.run(&args)?;
    ensure!(end.code == Some(2), "{end}");
    ensure!(end.stderr.contains("the limit is 1048576"), "{end}");
    std::fs::remove_file(place.path("vectors/large.json"))?;
    let pipe = place.path("vectors/pipe.json");
    let made = Command::new("mkfifo").arg(pipe).status()?;
    ensure!(made.success(), "mkfifo: {made}");
    let end = place.run(&args)?;
    ensure!(end.code == Some(2), "{end}");
    ensure!(end.stderr.contains("it is a named pipe"), "{end}");
    Ok(())
}

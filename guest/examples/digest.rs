//! Hashes every file in the folders of its arguments: an ordinary `main` with
//! real work. Each file is a task.
//!
//! ```text
//! digest [--max-bytes N] FOLDER...
//! ```
//!
//! Prints the output of `sha256sum`. An unreadable file is a failure, and a file
//! above the size limit is canceled. The exit code is 1 if there was a failure.

#![allow(
    clippy::print_stderr,
    reason = "a program writes its errors to standard error"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sha2::{Digest, Sha256};
use solti_metrics_guest::{RunnerType, Task, TaskOutcome};

/// Default of `--max-bytes`, the maximum size of a file: 64 MiB.
const MAX_BYTES: u64 = 64 << 20;

fn main() -> ExitCode {
    let (max_bytes, folders) = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("digest: {message}\nusage: digest [--max-bytes N] FOLDER...");
            return ExitCode::from(2);
        }
    };
    let mut failed = false;
    for folder in folders {
        for file in files(Path::new(&folder), &mut failed) {
            failed |= digest(&file, max_bytes) == TaskOutcome::Failure;
        }
    }
    ExitCode::from(u8::from(failed))
}

fn arguments() -> Result<(u64, Vec<String>), String> {
    let (mut max_bytes, mut folders) = (MAX_BYTES, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--max-bytes" {
            let bytes = arguments.next().ok_or("--max-bytes needs a number")?;
            max_bytes = bytes
                .parse()
                .map_err(|_| format!("--max-bytes: {bytes:?} is not a number of bytes"))?;
        } else {
            folders.push(argument);
        }
    }
    if folders.is_empty() {
        return Err("name a folder to hash".into());
    }
    Ok((max_bytes, folders))
}

/// All files under `path`, in the order of their names. Symbolic links are not followed.
fn files(path: &Path, failed: &mut bool) -> Vec<PathBuf> {
    let entries = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::read_dir(path).and_then(Iterator::collect),
        Ok(metadata) if metadata.is_file() => return vec![path.to_owned()],
        Ok(_) => return Vec::new(),
        Err(error) => Err(error),
    };
    let mut entries: Vec<fs::DirEntry> = entries.unwrap_or_else(|error| {
        eprintln!("digest: {}: {error}", path.display());
        *failed = true;
        Vec::new()
    });
    entries.sort_by_key(fs::DirEntry::file_name);
    entries
        .iter()
        .flat_map(|entry| files(&entry.path(), failed))
        .collect()
}

/// Hashes a file as a task, and prints its line.
fn digest(file: &Path, max_bytes: u64) -> TaskOutcome {
    let task = Task::start(RunnerType::Wasm);
    let outcome = match hash(file, max_bytes) {
        Ok(Some(sum)) => match writeln!(io::stdout(), "{}", line(&sum, file)) {
            Ok(()) => TaskOutcome::Success,
            Err(_) => TaskOutcome::Failure,
        },
        Ok(None) => {
            eprintln!(
                "digest: {}: over {max_bytes} bytes, left out",
                file.display()
            );
            TaskOutcome::Canceled
        }
        Err(error) => {
            eprintln!("digest: {}: {error}", file.display());
            TaskOutcome::Failure
        }
    };
    task.finish(outcome);
    outcome
}

/// The hash of the file in hexadecimal, or `None` if the file is above the size limit.
fn hash(file: &Path, max_bytes: u64) -> io::Result<Option<String>> {
    let mut file = File::open(file)?;
    if file.metadata()?.len() > max_bytes {
        return Ok(None);
    }
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    let mut sum = String::with_capacity(64);
    for byte in hasher.finalize() {
        let _ = write!(sum, "{byte:02x}");
    }
    Ok(Some(sum))
}

/// A line in the format of `sha256sum`: a name with a backslash, a line feed or a
/// carriage return is escaped, and a backslash at the start of the line marks it.
fn line(sum: &str, file: &Path) -> String {
    let name = file.display().to_string();
    let escaped = name
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r");
    let mark = if escaped == name { "" } else { "\\" };
    format!("{mark}{sum}  {escaped}")
}

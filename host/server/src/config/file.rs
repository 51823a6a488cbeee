//! The file of a configuration, as it is read.

use std::io::{self, ErrorKind};
use std::path::Path;

use solti_metrics_host::file::{is_standard_input, open_file, read_opened};
use solti_metrics_host::process::ProcessLimit;

/// Bytes that a configuration may have.
const LONGEST: u64 = 1 << 20;

/// Whether the file was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    First,
    Reload,
}

/// What is in it.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Whether it can be read only once.
    pub(super) is_a_pipe: bool,
}

/// Reads it. The standard input, and a pipe that this process was given open, are read
/// to their end, but only the first time: nothing is left in them. The error says in
/// words why the file cannot be used.
pub(super) fn read(path: &Path, again: Again) -> Result<Content, String> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::FileTooLarge => {
            "a configuration has at most 1 MiB; is it the right file?".to_owned()
        }
        _ => match ProcessLimit::of_io(&error) {
            Some(limit) => format!("cannot read the configuration: {limit}"),
            None => format!("cannot read the configuration: {error}"),
        },
    };
    let file = open_file(path).map_err(failed)?;
    let is_file = file.metadata().map_err(failed)?.is_file();
    let is_a_pipe = !is_file || is_standard_input(path);
    if is_a_pipe && again == Again::Reload {
        return Err("cannot read the configuration: a pipe cannot be read a second time; to reload, start with the path of a file".into());
    }
    let bytes = read_opened(&file, LONGEST).map_err(failed)?;
    Ok(Content { bytes, is_a_pipe })
}

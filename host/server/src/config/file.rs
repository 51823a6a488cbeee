//! Reads the file of a configuration.

use std::io::{self, ErrorKind};
use std::path::Path;

use solti_metrics_host::file::{is_standard_input, open_file, read_opened};
use solti_metrics_host::process::ProcessLimit;

/// Maximum size of a configuration, in bytes.
const LONGEST: u64 = 1 << 20;

/// Reason to read the file: the start or a reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadReason {
    First,
    Reload,
}

/// Content of the file.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    /// Whether the file can be read only once.
    pub(super) is_a_pipe: bool,
}

/// Reads the file. Standard input and other pipes are read to their end, at the start
/// only: a second read would find them empty. The error is a message that says why the
/// file cannot be used.
pub(super) fn read(path: &Path, reason: ReadReason) -> Result<Content, String> {
    let failed = |error: io::Error| match error.kind() {
        ErrorKind::FileTooLarge => {
            "the configuration is larger than 1 MiB; check that this is the right file".to_owned()
        }
        _ => match ProcessLimit::of_io(&error) {
            Some(limit) => format!("cannot read the configuration: {limit}"),
            None => format!("cannot read the configuration: {error}"),
        },
    };
    let file = open_file(path).map_err(failed)?;
    let is_file = file.metadata().map_err(failed)?.is_file();
    let is_a_pipe = !is_file || is_standard_input(path);
    if is_a_pipe && reason == ReadReason::Reload {
        return Err("cannot read the configuration again: it was read from a pipe; to reload, start `serve` with the path of a file".into());
    }
    let bytes = read_opened(&file, LONGEST).map_err(failed)?;
    Ok(Content { bytes, is_a_pipe })
}

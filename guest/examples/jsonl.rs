//! A provider that appends each record to a file, as a line of JSON. It exports
//! `lifecycle` and `accounting`, and needs a grant for the file's folder.
//!
//! - `JSONL_PATH`: path of the file in the provider; default `/out/metrics.jsonl`.
//!
//! ```json
//! {"record":"task_started","runner":"wasm"}
//! {"record":"task_completed","runner":"wasm","outcome":"success","duration_ms":12}
//! {"record":"runner_error","runner":"wasm","error":"spawn_failed"}
//! ```
//!
//! The provider buffers lines. It writes them when the buffer is full, when the host
//! asks for discarded records (after each call with records), and on `flush`. A flush
//! also syncs the file to disk and closes it, so that another program can move it.
//! Before the first such call of the host, each line is written at once. The size of
//! the file has no limit.
//!
//! A record that cannot be written is lost and counted as `failed`; the next `flush`
//! reports the reason. A partial line, for example because of a full disk, stays in
//! the file, and the next record starts on a new line.

use std::env;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use solti_metrics_guest::{
    Accounting, Discards, Lifecycle, MetricsBackend, RunnerErrorKind, RunnerType, TaskOutcome,
};

/// Bytes in the buffer before they are written.
const MANY: usize = 64 << 10;

struct Jsonl(Mutex<Log>);

impl Jsonl {
    fn new(path: impl Into<PathBuf>) -> Self {
        Self(Mutex::new(Log {
            path: path.into(),
            file: None,
            lines: String::new(),
            called_for: false,
            failed: 0,
            why: None,
        }))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Labels are a closed set, and no label has a character that JSON escapes.
impl MetricsBackend for Jsonl {
    fn record_task_started(&self, runner: RunnerType) {
        self.log().add(&format!(
            r#"{{"record":"task_started","runner":"{runner}"}}"#
        ));
    }

    fn record_task_completed(&self, runner: RunnerType, outcome: TaskOutcome, duration_ms: u64) {
        self.log().add(&format!(
            r#"{{"record":"task_completed","runner":"{runner}","outcome":"{outcome}","duration_ms":{duration_ms}}}"#
        ));
    }

    fn record_runner_error(&self, runner: RunnerType, error: RunnerErrorKind) {
        self.log().add(&format!(
            r#"{{"record":"runner_error","runner":"{runner}","error":"{error}"}}"#
        ));
    }
}

impl Lifecycle for Jsonl {
    fn flush(&self) -> Result<(), String> {
        let mut log = self.log();
        log.called_for = true;
        log.write();
        if let Some(file) = log.file.take()
            && let Err(error) = file.sync_data()
        {
            log.why = Some(error);
        }
        match log.why.take() {
            Some(why) => Err(format!("{}: {why}", log.path.display())),
            None => Ok(()),
        }
    }
}

impl Accounting for Jsonl {
    fn take_discards(&self) -> Discards {
        let mut log = self.log();
        log.called_for = true;
        // Without this write, a later failure would be charged to another call.
        log.write();
        Discards {
            failed: std::mem::take(&mut log.failed),
            ..Discards::default()
        }
    }
}

struct Log {
    path: PathBuf,
    file: Option<File>,
    /// Whole lines, one for each record.
    lines: String,
    /// Whether the host has asked for buffered records, and will ask again.
    called_for: bool,
    failed: u64,
    /// The latest unreported failure.
    why: Option<io::Error>,
}

impl Log {
    fn add(&mut self, line: &str) {
        self.lines.push_str(line);
        self.lines.push('\n');
        if !self.called_for || self.lines.len() >= MANY {
            self.write();
        }
    }

    fn write(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let file = match self.file.take() {
            Some(file) => Ok(file),
            None => open(&self.path),
        };
        let (written, outcome) = match file {
            Ok(file) => write(self.file.insert(file), self.lines.as_bytes()),
            Err(error) => (0, Err(error)),
        };
        if let Err(why) = outcome {
            // Opening the file again finds the end of the last line.
            self.file = None;
            self.failed += whole(self.lines.as_bytes()) - written;
            self.why = Some(why);
        }
        self.lines.clear();
    }
}

/// Opens the file, and ends a partial last line.
fn open(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let about = file.metadata()?;
    if about.is_file() && about.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != [b'\n'] {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

/// Writes as much as possible, and returns the number of whole lines written.
fn write(file: &mut impl Write, lines: &[u8]) -> (u64, io::Result<()>) {
    let mut at = 0;
    while at < lines.len() {
        match file.write(&lines[at..]) {
            Ok(0) => return (whole(&lines[..at]), Err(io::ErrorKind::WriteZero.into())),
            Ok(length) => at += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (whole(&lines[..at]), Err(error)),
        }
    }
    (whole(lines), Ok(()))
}

fn whole(lines: &[u8]) -> u64 {
    lines.iter().filter(|byte| **byte == b'\n').count() as u64
}

solti_metrics_guest::export_provider!(
    Jsonl::new(env::var("JSONL_PATH").unwrap_or_else(|_| "/out/metrics.jsonl".to_owned())),
    Lifecycle,
    Accounting
);

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const FAILED: fn(u64) -> Discards = |failed| Discards { sampled: 0, failed };

    #[test]
    fn a_record_of_each_kind_is_a_line() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.jsonl");
        let jsonl = Jsonl::new(&path);
        jsonl.record_task_started(RunnerType::Wasm);
        jsonl.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 12);
        assert_eq!(jsonl.flush(), Ok(()));
        jsonl.record_runner_error(RunnerType::Container, RunnerErrorKind::SpawnFailed);
        assert_eq!(jsonl.take_discards(), FAILED(0));
        let expected = r#"{"record":"task_started","runner":"wasm"}
{"record":"task_completed","runner":"wasm","outcome":"success","duration_ms":12}
{"record":"runner_error","runner":"container","error":"spawn_failed"}
"#;
        assert_eq!(fs::read_to_string(path)?, expected);
        Ok(())
    }

    #[test]
    fn a_full_buffer_is_written() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.jsonl");
        let jsonl = Jsonl::new(&path);
        assert_eq!(jsonl.take_discards(), FAILED(0));
        for _ in 0..5_000 {
            jsonl.record_task_started(RunnerType::Subprocess);
        }
        assert!((1..MANY).contains(&jsonl.log().lines.len()));
        assert_eq!(jsonl.flush(), Ok(()));
        assert_eq!(fs::read_to_string(path)?.lines().count(), 5_000);
        Ok(())
    }

    #[test]
    fn records_are_written_at_once_before_the_first_call_of_the_host() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.jsonl");
        let jsonl = Jsonl::new(&path);
        for lines in 1..4 {
            jsonl.record_task_started(RunnerType::Wasm);
            assert_eq!(fs::read_to_string(&path)?.lines().count(), lines);
        }
        Ok(())
    }

    #[test]
    fn a_failed_write_is_counted_once_and_reported_once() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("later/metrics.jsonl");
        let jsonl = Jsonl::new(&path);
        assert_eq!(jsonl.take_discards(), FAILED(0));
        jsonl.record_task_started(RunnerType::Wasm);
        jsonl.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 1);
        assert_eq!(jsonl.take_discards(), FAILED(2));
        assert_eq!(jsonl.take_discards(), FAILED(0));
        let said = jsonl.flush().err().unwrap_or_default();
        assert!(said.starts_with(&path.display().to_string()), "{said}");
        assert_eq!(jsonl.flush(), Ok(()));

        fs::create_dir(folder.path().join("later"))?;
        jsonl.record_task_started(RunnerType::Wasm);
        assert_eq!(jsonl.take_discards(), FAILED(0));
        assert_eq!(fs::read_to_string(path)?.lines().count(), 1);
        Ok(())
    }

    #[test]
    fn a_partial_line_does_not_damage_the_next_line() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("metrics.jsonl");
        fs::write(&path, "{\"whole\":1}\n{\"rec")?;
        let jsonl = Jsonl::new(&path);
        for _ in 0..2 {
            jsonl.record_task_started(RunnerType::Wasm);
            assert_eq!(jsonl.flush(), Ok(()));
        }
        let text = fs::read_to_string(path)?;
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[..2], ["{\"whole\":1}", "{\"rec"]);
        assert_eq!(lines[2], r#"{"record":"task_started","runner":"wasm"}"#);
        assert_eq!(lines[2..], [lines[2]; 2]);
        Ok(())
    }

    #[test]
    fn whole_lines_of_a_partial_write_count_as_written() {
        /// Accepts this many bytes, three at a time.
        struct Disk(usize);

        impl Write for Disk {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let length = bytes.len().min(3).min(self.0);
                self.0 -= length;
                Ok(length)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }

        for (free, expected) in [(0, 0), (4, 0), (5, 1), (9, 1), (10, 2), (14, 2)] {
            let (written, outcome) = write(&mut Disk(free), b"1234\n6789\n1234\n");
            assert_eq!(written, expected, "{free} bytes");
            assert!(outcome.is_err(), "{free} bytes");
        }
        let (written, outcome) = write(&mut Disk(15), b"1234\n6789\n1234\n");
        assert!(written == 3 && outcome.is_ok());
    }
}

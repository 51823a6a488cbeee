//! The text of a configuration of `serve`.

use std::path::Path;

use anyhow::{Result, ensure};
use solti_metrics_server::{ConfigErrors, Configuration};

use crate::oracle::is_one_line;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "configuration",
    run,
    seeds: &["tests/configs"],
    words: &[
        "[server]\n", "[runner]\n", "[compilation]\n", "[log]\n", "[[task]]\n", "[tasks.a]\n", "[backends.a]\n",
        "[[middleware]]\n", "[tasks.a.backoff]\n", "component = \"a.wasm\"\n", "interval = \"1s\"\n", "\"\"\"", "'''",
        "schedule = \"restart\"\n", "concurrency = 4\n", "queue_capacity = 1\n", "timeout = \"none\"\n", "\\u0000",
        "\\u202E", "env = { A = \"b\" }\n", "grants = [\"env=A=B\"]\n", "dirs = [\"a::b:rw\"]\n", "\"a\\nb\" = 1\n", " = ",
        "9223372036854775807", "1e400", "nan", "inf", "1979-05-27", "[[", "]]", "{", "}", "18446744073709551616ms",
    ],
    longest: 16 << 10,
    limits: Limits::SMALL,
};

/// The errors are for lines of a log, have positions in the text, and are always the same.
fn run(input: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(input);
    let folder = Path::new("folder");
    match Configuration::parse(&text, folder) {
        Ok(configuration) => {
            reached();
            ensure!(configuration.file().starts_with(folder), "another file");
            configuration.warnings().into_iter().try_for_each(is_one_line)
        }
        Err(errors) => {
            check(&errors, &text)?;
            let again = Configuration::parse(&text, folder).err();
            let again: Vec<_> = again.iter().flat_map(ConfigErrors::lines).collect();
            let lines: Vec<_> = errors.lines().collect();
            ensure!(lines == again, "the errors differ: {lines:?} {again:?}");
            Ok(())
        }
    }
}

fn check(errors: &ConfigErrors, text: &str) -> Result<()> {
    ensure!(!errors.errors().is_empty(), "an error without a cause");
    for line in errors.lines() {
        is_one_line(&line)?;
        ensure!(line.starts_with("configuration:"), "no file: {line}");
    }
    for error in errors.errors() {
        ensure!(!error.reason().is_empty(), "no reason: {error}");
        if let Some((line, column)) = error.position() {
            let of_text = text.split('\n').nth(line.wrapping_sub(1));
            let columns = of_text.map_or(0, |it| it.chars().count() + 1);
            let last = text.split('\n').count();
            ensure!(
                (1..=columns).contains(&column) || line == last + 1 && column == 1,
                "there is no line {line} with a column {column}: {error}"
            );
        }
    }
    Ok(())
}

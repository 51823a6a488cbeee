//! Files of test vectors for providers.

use std::error::Error;
use std::fs;
use std::sync::LazyLock;

use anyhow::{Context, Result};
use solti_metrics_conformance::Vectors;
use tempfile::TempDir;

use crate::oracle::has_no_control;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "vectors",
    run,
    seeds: &["host/conformance/vectors"],
    words: &[
        "\"do\"", "\"record\"", "\"rounds\"", "\"times\": 16", "\"repeat\": 3600000001", "\"duration-ms\": \"18446744073709551616\"",
        "\"after\": \"a\"", "\"needs\": [\"batch\"]", "{\"do\":\"flush\"}", "[", "]", "{", "}", "\"at-least\": \"-1\"", "\\u0000",
        "\\u001b", "1e999", "\"value\": \"NaN\"", "[[[[[[[[", "null", "\"steps\":",
    ],
    longest: 16 << 10,
    limits: Limits::SMALL,
};

static FOLDER: LazyLock<std::io::Result<TempDir>> = LazyLock::new(TempDir::new);

/// A file is a vector or has an error whose text has one line.
fn run(input: &[u8]) -> Result<()> {
    let folder = FOLDER.as_ref().ok().context("no folder")?.path();
    fs::write(folder.join("v.json"), input)?;
    let Err(error) = Vectors::in_folder(folder) else {
        reached();
        return Ok(());
    };
    let mut next: Option<&dyn Error> = Some(&error);
    while let Some(error) = next {
        has_no_control(&error.to_string())?;
        next = error.source();
    }
    Ok(())
}

//! The strict reader of expositions in the conformance tests, with a provider whose exposition is the
//! input.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use solti_metrics::TextFromOpenMetrics;
use solti_metrics_conformance::{ComponentTest, Vectors};
use solti_metrics_tests::guest::component;
use tempfile::TempDir;

use crate::oracle::has_no_control;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "exposition_reader",
    run,
    seeds: &["fuzz/seeds/exposition_text", "tests/golden"],
    words: super::exposition_text::TARGET.words,
    longest: 4 << 10,
    limits: Limits::WASM,
};

static VECTORS: LazyLock<Result<Vectors>> = LazyLock::new(|| {
    let folder = TempDir::new()?;
    let vector = r#"{"description": "", "needs": ["exposition"], "steps": [{"do": "expose", "expect": []}]}"#;
    fs::write(folder.path().join("scrape.json"), vector)?;
    Ok(Vectors::in_folder(folder.path())?)
});

/// The report has no control characters, and each text that the strict reader accepts can be
/// rewritten for older scrapers.
fn run(input: &[u8]) -> Result<()> {
    let vectors = VECTORS.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    let text = String::from_utf8_lossy(input);
    let report = ComponentTest::from_bytes("provider", provider(&text)?)
        .vectors(vectors.clone())
        .records(1)
        .budget(Duration::from_secs(1))
        .run()?;
    report.to_text().lines().filter(|it| !it.is_empty()).try_for_each(has_no_control)?;
    report.to_junit().lines().filter(|it| !it.is_empty()).try_for_each(has_no_control)?;
    report.to_json()?;
    if report.conforms() {
        reached();
        let rewritten = TextFromOpenMetrics::default().push(&text);
        ensure!(rewritten.is_ok(), "accepted, but {rewritten:?}");
    }
    Ok(())
}

/// A provider with this exposition.
fn provider(text: &str) -> Result<Vec<u8>> {
    let length = text.len();
    let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    component(&format!(
        r#"(module
        (memory (export "memory") 2)
        (data (i32.const 1024) "{bytes}")
        (func (export "solti:metrics/backend@0.1.0#record-task-started") (param i32))
        (func (export "solti:metrics/backend@0.1.0#record-task-completed") (param i32 i32 i64))
        (func (export "solti:metrics/backend@0.1.0#record-runner-error") (param i32 i32))
        (func (export "solti:metrics/exposition@0.1.0#expose") (result i32)
            (i32.store (i32.const 16) (i32.const 1024))
            (i32.store (i32.const 20) (i32.const {length}))
            i32.const 16))"#
    ))
}

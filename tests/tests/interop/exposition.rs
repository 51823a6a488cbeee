//! A scraper gets the recorded metrics: the expositions equal the goldens line for line,
//! and other projects' parsers agree. `BLESS=1` rewrites the goldens.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use solti_metrics::ExpositionFormat;
use solti_metrics_tests::exposition::Sample;
use solti_metrics_tests::reference_tool::ReferenceTool;
use solti_metrics_tests::trial::{Trial, trial};

use samples::{Samples, expected_samples};
use script::{BACKEND, component, recorded};

mod samples;
mod script;

pub(crate) fn trials() -> Result<Vec<Trial>> {
    let (promtool, client) = (
        ReferenceTool::promtool(),
        ReferenceTool::prometheus_client(),
    );
    Ok(vec![
        trial("openmetrics_is_the_golden", || {
            golden(ExpositionFormat::OpenMetrics, "openmetrics")
        }),
        trial("prometheus_text_is_the_golden", || {
            golden(ExpositionFormat::Text, "prometheus")
        }),
        promtool.trial("promtool_accepts_the_prometheus_text", promtool_accepts),
        promtool.trial("promtool_rejects_a_wrong_text", promtool_refuses),
        client.trial("client_reads_every_sample_of_openmetrics", |python_path| {
            client_reads(python_path, ExpositionFormat::OpenMetrics, "openmetrics")
        }),
        client.trial("client_reads_every_sample_of_the_text", |python_path| {
            client_reads(python_path, ExpositionFormat::Text, "prometheus")
        }),
        client.trial("client_rejects_a_wrong_text", client_refuses),
    ])
}

fn golden(format: ExpositionFormat, name: &str) -> Result<()> {
    let path = here("golden").join(format!("exposition.{name}.txt"));
    let found = in_order(&without_memory(&recorded()?.encode(format)?)?)?;
    if env::var_os("BLESS").is_some_and(|bless| bless == "1") {
        return Ok(fs::write(path, found)?);
    }
    let golden = fs::read_to_string(&path).context("no golden: BLESS=1 writes it")?;
    let differs = |(_, (found, golden)): &(usize, (&str, &str))| found != golden;
    let mut lines = (1..).zip(found.lines().zip(golden.lines()));
    if let Some((at, (found, golden))) = lines.find(differs) {
        anyhow::bail!("line {at}: found\n{found}\nthe golden has\n{golden}");
    }
    ensure!(found == golden, "one is the beginning of the other");
    Ok(())
}

/// The memory of a component depends on its compiler.
fn without_memory(exposition: &str) -> Result<String> {
    let sample = |bytes| {
        format!(
            "solti_metrics_backend_memory_bytes{{backend=\"{}\"}} {bytes}\n",
            BACKEND.0
        )
    };
    let real = sample(component()?.status().memory_bytes);
    ensure!(exposition.contains(&real), "no {real}{exposition}");
    Ok(exposition.replace(&real, &sample(0)))
}

/// Sorts the series within each family: `prometheus-client` leaves them in the order of a
/// hash map. The series of a histogram stay together.
fn in_order(exposition: &str) -> Result<String> {
    let is_comment = |line: &&str| line.starts_with('#');
    let lines: Vec<_> = exposition.lines().collect();
    let mut sorted = Vec::new();
    for block in lines.chunk_by(|a, b| is_comment(a) == is_comment(b)) {
        let key = |line: &&str| match is_comment(line) {
            true => Ok(String::new()),
            false => Ok(labels_but_le(&Sample::of(line)?)),
        };
        let keys = block.iter().map(key).collect::<Result<Vec<_>>>()?;
        let mut block: Vec<_> = keys.iter().zip(block).collect();
        block.sort_by_key(|(key, _)| *key);
        sorted.extend(block.into_iter().map(|(_, line)| *line));
    }
    Ok(sorted.iter().map(|line| format!("{line}\n")).collect())
}

fn labels_but_le(sample: &Sample<'_>) -> String {
    let labels = sample.labels.iter().filter(|(name, _)| *name != "le");
    let labels: Vec<_> = labels
        .map(|(name, text)| format!("{name}=\"{text}\""))
        .collect();
    labels.join(",")
}

fn promtool_accepts(promtool: &Path) -> Result<()> {
    let said = promtool_about(promtool, &recorded()?.encode(ExpositionFormat::Text)?)?;
    ensure!(said.status.success(), "the parser prints {said:?}");
    ensure!(said.stdout.is_empty(), "the parser warns: {said:?}");
    ensure!(said.stderr.is_empty(), "the parser warns: {said:?}");
    Ok(())
}

fn promtool_refuses(promtool: &Path) -> Result<()> {
    for wrong in [
        "# HELP a A counter without its suffix.\n# TYPE a counter\na 1\n",
        "# HELP a_total Not a number.\n# TYPE a_total counter\na_total one\n",
        "# TYPE a_total counter\na_total 1\n",
    ] {
        let said = promtool_about(promtool, wrong)?;
        ensure!(!said.status.success(), "the parser accepts {wrong:?}");
    }
    Ok(())
}

fn promtool_about(promtool: &Path, exposition: &str) -> Result<Output> {
    fed(
        Command::new(promtool).args(["check", "metrics"]),
        exposition,
    )
}

fn client_reads(python_path: &Path, format: ExpositionFormat, name: &str) -> Result<()> {
    let said = client_about(python_path, name, &recorded()?.encode(format)?)?;
    ensure!(said.status.success(), "the parser prints {said:?}");
    let read = Samples::from_json(&said.stdout)?;
    expected_samples()?.must_equal(&read)
}

fn client_refuses(python_path: &Path) -> Result<()> {
    let text = recorded()?.encode(ExpositionFormat::OpenMetrics)?;
    let wrong = [
        ("openmetrics", text.replace("# EOF\n", "")),
        // Cumulative buckets never decrease.
        ("openmetrics", text.replace("le=\"+Inf\"", "le=\"0.001\"")),
        ("prometheus", text.replace("} ", "} one ")),
    ];
    for (format, wrong) in wrong {
        let said = client_about(python_path, format, &wrong)?;
        ensure!(!said.status.success(), "the parser accepts {wrong}");
    }
    Ok(())
}

fn client_about(python_path: &Path, format: &str, exposition: &str) -> Result<Output> {
    let script = here("reference_tools").join("parse_exposition.py");
    fed(
        Command::new("python3")
            .env("PYTHONPATH", python_path)
            .args([script.as_os_str(), format.as_ref()]),
        exposition,
    )
}

/// Runs a command with this file as its standard input. Unlike a pipe, a file never
/// breaks if the command ends early.
fn fed(command: &mut Command, stdin: &str) -> Result<Output> {
    let mut file = tempfile::tempfile()?;
    file.write_all(stdin.as_bytes())?;
    file.rewind()?;
    let output = command.stdin(Stdio::from(file)).output();
    output.with_context(|| format!("running {command:?}"))
}

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

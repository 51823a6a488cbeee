//! A table of the metrics in an exposition in text 0.0.4.

use std::fmt::Write;

use anyhow::Result;
use solti_metrics_tests::exposition::{Family, families};

pub(crate) fn table(exposition: &str) -> Result<String> {
    let mut text = "| name | type | labels | what it is |\n|---|---|---|---|\n".to_owned();
    for family in families(exposition)? {
        let labels = labels(&family).into_iter().map(|it| format!("`{it}`"));
        let labels = labels.collect::<Vec<_>>().join(" ");
        let Family {
            name, kind, help, ..
        } = family;
        writeln!(text, "| `{name}` | {kind} | {labels} | {help} |")?;
    }
    Ok(text)
}

/// The names of its labels, in the order of the samples.
fn labels<'a>(family: &Family<'a>) -> Vec<&'a str> {
    let mut labels = Vec::new();
    for (label, _) in family.samples.iter().flat_map(|sample| &sample.labels) {
        if !labels.contains(label) && *label != "le" {
            labels.push(*label);
        }
    }
    labels
}

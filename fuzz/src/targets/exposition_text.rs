//! The reader of the OpenMetrics text of a component.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use solti_metrics::TextFromOpenMetrics;
use solti_metrics_tests::exposition::{Sample, samples};

use crate::oracle::is_one_line;
use crate::reach::reached;
use crate::target::{Limits, Target};

pub(super) const TARGET: Target = Target {
    name: "exposition_text",
    run,
    seeds: &["tests/golden"],
    words: &[
        "# TYPE a counter\n", "# HELP a b\n", "# UNIT a seconds\n", "# EOF\n", "a_total 1\n", "a_created 1\n", "{le=\"1.0\"}",
        "{x=\"\\\"\\\\\\n\"}", " # {t=\"x\"} 1 2", "# TYPE a histogram\n", "# TYPE a info\n", "a_bucket{le=\"+Inf\"} 1\n",
        "NaN", "+Inf", "-1.5e-3", "# TYPE a summary\n", "# TYPE a unknown\n", "\"", "\\",
    ],
    longest: 8 << 10,
    limits: Limits::SMALL,
};

/// An accepted text has samples only. The result keeps each sample with its value, and does not depend on the chunks of the input.
fn run(input: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(input);
    let mut whole = TextFromOpenMetrics::default();
    let pushed = whole.push(&text);
    let mut chunks = TextFromOpenMetrics::default();
    let by_line = text.split_inclusive('\n').try_for_each(|line| chunks.push(line));
    ensure!(pushed == by_line, "chunks differ: {pushed:?} {by_line:?}");
    if let Err(error) = pushed {
        return is_one_line(&error.to_string());
    }
    let written = whole.finish();
    ensure!(written == chunks.finish(), "chunks have another text");
    reached();
    let is_sample = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let before = text.lines().filter(is_sample).map(Sample::of);
    let before: Vec<_> = before.collect::<Result<_>>().context("accepted")?;
    ensure!(
        counted(&before) == counted(&samples(&written)?),
        "values differ: {written:?}"
    );
    Ok(())
}

/// Number of samples by name and value.
fn counted<'a>(samples: &[Sample<'a>]) -> BTreeMap<(&'a str, &'a str), usize> {
    let mut counts = BTreeMap::new();
    for sample in samples {
        *counts.entry((sample.name, sample.value)).or_insert(0) += 1;
    }
    counts
}

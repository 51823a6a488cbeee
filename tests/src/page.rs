//! Checks that a status page shows the numbers of `/metrics`.
//!
//! An element that shows a sample names it: `data-metric` is the sample's name and labels
//! as on `/metrics`, and `data-value` is its value.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};

use crate::exposition;

mod dom;

pub use dom::{Element, elements, text};

/// Prefixes of the samples that a page must show.
const SHOWN: [&str; 3] = ["solti_runner_", "solti_metrics_", "process_"];

/// Families whose zeros a page omits: a reason without drops, a state in which the
/// backend is not, and clamped durations.
const ONLY_IF_NOT_ZERO: [&str; 5] = [
    "solti_metrics_records_dropped_total",
    "solti_metrics_records_clamped_total",
    "solti_metrics_task_records_dropped_total",
    "solti_metrics_task_recording_mode",
    "solti_metrics_backend_state",
];

/// Compares pages with an exposition. Each number on the pages must be in it, and each
/// sample for a status page must be on a page. A page shows the histogram of one runner,
/// so there are several pages.
///
/// # Errors
///
/// When a number differs, is not on `/metrics`, or is missing from the pages.
pub fn must_equal(pages: &[String], metrics: &str) -> Result<()> {
    let samples = samples(metrics)?;
    let mut missing: BTreeMap<_, _> = samples.clone();
    let mut wrong = Vec::new();
    for page in pages {
        for (metric, value) in shown(page)? {
            missing.remove(&metric);
            match samples.get(&metric) {
                None => wrong.push(format!("{metric} is not on /metrics")),
                Some(sample) if *sample != value => {
                    wrong.push(format!("{metric} is {sample}, and shown as {value}"));
                }
                Some(_) => {}
            }
        }
    }
    missing.retain(|metric, value| must_be_shown(metric, value));
    let missing = missing.keys().map(|metric| format!("{metric} is missing"));
    wrong.extend(missing);
    wrong.dedup();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

/// The samples that a page shows, and their values.
///
/// # Errors
///
/// When an element names a sample without its value, or is malformed.
pub fn shown(page: &str) -> Result<Vec<(String, String)>> {
    let mut shown = Vec::new();
    for mut element in elements(page)? {
        if let Some(metric) = element.attributes.remove("data-metric") {
            let value = element.attributes.remove("data-value");
            let value = value.with_context(|| format!("{metric} has no value"))?;
            shown.push((metric, value));
        }
    }
    Ok(shown)
}

/// The samples of an exposition as they are written: name and labels, and value.
///
/// # Errors
///
/// When a line is not a sample, or a sample occurs twice.
pub fn samples(metrics: &str) -> Result<BTreeMap<String, String>> {
    let mut samples = BTreeMap::new();
    for sample in exposition::samples(metrics)? {
        let (metric, value) = (sample.series.to_owned(), sample.value.to_owned());
        if let Some(twice) = samples.insert(metric, value) {
            bail!("{} is there twice: {twice}", sample.series);
        }
    }
    Ok(samples)
}

fn must_be_shown(metric: &str, value: &str) -> bool {
    let name = metric.split('{').next().unwrap_or(metric);
    let is_zero = value.parse() == Ok(0.0);
    SHOWN.iter().any(|begin| name.starts_with(begin))
        && !(is_zero && ONLY_IF_NOT_ZERO.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "# TYPE solti_runner_a counter\n\
        solti_runner_a_total{task=\"a } \\\" b\"} 3 # {x=\"y\"} 1\nother 1\n# EOF\n";

    fn page(value: &str) -> [String; 1] {
        let metric = "solti_runner_a_total{task=&quot;a } \\&quot; b&quot;}";
        [format!(
            "<p data-metric=\"{metric}\" data-value=\"{value}\">x</p>"
        )]
    }

    /// The error of the comparison, or an empty text without one.
    fn refusal(pages: &[String], metrics: &str) -> String {
        let refused = must_equal(pages, metrics).err();
        refused.map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_page_with_equal_numbers_passes() -> Result<()> {
        must_equal(&page("3"), METRICS)
    }

    #[test]
    fn a_different_number_is_named() {
        let wrong = refusal(&page("4"), METRICS);
        assert!(wrong.contains("is 3, and shown as 4"), "{wrong}");
    }

    #[test]
    fn a_missing_or_unknown_sample_is_named() {
        let wrong = refusal(&["<p></p>".to_owned()], METRICS);
        assert!(wrong.contains("is missing"), "{wrong}");
        let wrong = refusal(&page("3"), "# EOF\n");
        assert!(wrong.contains("is not on /metrics"), "{wrong}");
    }
}

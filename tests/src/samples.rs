//! The samples of an exposition, whoever wrote it, and in whichever order.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use solti_metrics::{Event, Exposition, PrometheusMetrics};

/// A series, with its labels in order, and its value.
pub type Samples = BTreeMap<String, f64>;

/// Reads a text in the form of OpenMetrics, whose labels have neither commas nor
/// braces in them.
///
/// # Errors
///
/// When a line is no sample, when a series is there twice, and when the last line is
/// not `# EOF`.
pub fn read(text: &str) -> Result<Samples> {
    let body = text
        .strip_suffix("# EOF\n")
        .context("no # EOF at the end")?;
    let mut samples = Samples::new();
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').with_context(|| line.to_owned())?;
        let value: f64 = value.parse().with_context(|| line.to_owned())?;
        let twice = samples.insert(in_order(series)?, value);
        ensure!(twice.is_none(), "twice: {line}");
    }
    Ok(samples)
}

/// What our own backend exposes after these records.
///
/// # Errors
///
/// Those of the encoder.
pub fn expected(events: &[Event]) -> Result<Samples> {
    let ours = PrometheusMetrics::new();
    for event in events {
        event.record_into(&ours);
    }
    read(&ours.encode(Exposition::OpenMetrics)?)
}

fn in_order(series: &str) -> Result<String> {
    let (name, labels) = series.split_once('{').with_context(|| series.to_owned())?;
    let labels = labels
        .strip_suffix('}')
        .with_context(|| series.to_owned())?;
    let mut labels: Vec<_> = labels.split(',').map(one_form).collect();
    labels.sort();
    Ok(format!("{name}{{{}}}", labels.join(",")))
}

/// The end of a bucket is a number, and there are several ways to write one.
fn one_form(label: &str) -> String {
    let number = label
        .strip_prefix("le=\"")
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|number| number.parse::<f64>().ok());
    number.map_or_else(|| label.to_owned(), |number| format!("le=\"{number}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_and_the_form_of_numbers_do_not_matter() -> Result<()> {
        let one = "a{x=\"y\",le=\"10\"} 1\na{le=\"+Inf\",x=\"y\"} 2.0\n# EOF\n";
        let other =
            "# TYPE a histogram\na{x=\"y\",le=\"+Inf\"} 2\na{le=\"10.0\",x=\"y\"} 1\n# EOF\n";
        ensure!(read(one)? == read(other)?);
        Ok(())
    }

    #[test]
    fn what_is_there_twice_or_has_no_end_is_refused() {
        assert!(read("a{x=\"y\"} 1\na{x=\"y\"} 1\n# EOF\n").is_err());
        assert!(read("a{x=\"y\"} 1\n").is_err());
        assert!(read("a 1\n# EOF\n").is_err());
    }
}

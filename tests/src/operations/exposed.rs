//! The exposed series of a runner, and the used series that it does not expose.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::promql::{Use, uses};
use crate::exposition::samples;

/// Labels that the scraper adds to each series.
const OF_THE_TARGET: [&str; 2] = ["instance", "job"];

/// Labels with closed lists of texts. Each text has a series from the start, so that a
/// text without a series is a mistake.
const CLOSED: [&str; 7] = [
    "error", "mode", "outcome", "reason", "result", "runner", "state",
];

/// Metrics by name, with their labels and the texts of the labels.
#[derive(Debug, Default, Clone)]
pub struct Exposed(BTreeMap<String, Labels>);

type Labels = BTreeMap<String, BTreeSet<String>>;

/// All items of `uses` that this exposition does not have: metrics, labels, and texts of
/// closed labels, each as a sentence.
///
/// # Errors
///
/// When a line of the exposition is not a sample.
pub fn missing(uses: &[Use], exposition: &str) -> Result<Vec<String>> {
    Ok(Exposed::read(exposition)?.missing(uses))
}

impl Exposed {
    /// Reads an exposition, as text 0.0.4 or as OpenMetrics.
    ///
    /// # Errors
    ///
    /// When a line is not a sample.
    pub fn read(exposition: &str) -> Result<Self> {
        let mut exposed = Self::default();
        for sample in samples(exposition)? {
            exposed.add(sample.series)?;
        }
        Ok(exposed)
    }

    /// Adds the series of Prometheus itself about each target.
    #[must_use]
    pub fn and_of_the_scraper(mut self) -> Self {
        self.0.insert("up".to_owned(), Labels::new());
        self
    }

    /// Adds the result of a recording rule. It has the labels of the series that it
    /// reads.
    ///
    /// # Errors
    ///
    /// When the expression has unknown syntax.
    pub fn and_recorded(mut self, name: &str, expression: &str) -> Result<Self> {
        let mut labels = Labels::new();
        for read in uses(expression)? {
            for (label, texts) in self.0.get(&read.metric).cloned().unwrap_or_default() {
                labels.entry(label).or_default().extend(texts);
            }
        }
        self.0.insert(name.to_owned(), labels);
        Ok(self)
    }

    /// All items of `uses` that are missing, each as a sentence.
    #[must_use]
    pub fn missing(&self, uses: &[Use]) -> Vec<String> {
        let mut missing = BTreeSet::new();
        for asked in uses {
            let metric = &asked.metric;
            let Some(labels) = self.0.get(metric) else {
                missing.insert(format!("{metric} is not exposed"));
                continue;
            };
            for label in &asked.labels {
                if !labels.contains_key(label) && !OF_THE_TARGET.contains(&&**label) {
                    missing.insert(format!("{metric} has no label {label}"));
                }
            }
            for (label, text) in &asked.texts {
                let closed = CLOSED.contains(&&**label);
                let there = labels.get(label).is_none_or(|texts| texts.contains(text));
                if closed && !there {
                    missing.insert(format!("{metric} has no {label}={text:?}"));
                }
            }
        }
        missing.into_iter().collect()
    }

    /// Adds a series, in the notation of a selector.
    fn add(&mut self, series: &str) -> Result<()> {
        for series in uses(series)? {
            let labels = self.0.entry(series.metric).or_default();
            for label in series.labels {
                labels.entry(label).or_default();
            }
            for (label, text) in series.texts {
                labels.entry(label).or_default().insert(text);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXPOSITION: &str = "# TYPE a counter\n\
        a_total{task=\"x\",outcome=\"success\"} 1\n\
        b 2.5\n\
        # EOF\n";

    fn missing_of(expression: &str) -> Result<Vec<String>> {
        missing(&uses(expression)?, EXPOSITION)
    }

    #[test]
    fn exposed_series_are_not_missing() -> Result<()> {
        let expression =
            r#"sum by (job, task) (rate(a_total{outcome="success",task="y"}[5m])) / b"#;
        assert_eq!(missing_of(expression)?, Vec::<String>::new());
        Ok(())
    }

    #[test]
    fn unexposed_metrics_labels_and_texts_are_named() -> Result<()> {
        for (expression, expected) in [
            ("rate(c_total[5m])", "c_total is not exposed"),
            ("sum by (task) (b)", "b has no label task"),
            (
                r#"a_total{outcome=~"success|sucess"}"#,
                "a_total has no outcome=\"sucess\"",
            ),
        ] {
            assert_eq!(missing_of(expression)?, [expected], "{expression}");
        }
        Ok(())
    }

    #[test]
    fn a_recorded_series_has_the_labels_of_its_source() -> Result<()> {
        let exposed = Exposed::read(EXPOSITION)?.and_recorded("a:ratio", "a_total / b")?;
        assert!(
            exposed
                .missing(&uses("max by (task) (a:ratio)")?)
                .is_empty()
        );
        assert_eq!(exposed.missing(&uses("max by (x) (a:ratio)")?).len(), 1);
        Ok(())
    }

    #[test]
    fn each_of_our_expositions_is_parsed() -> Result<()> {
        for golden in [
            include_str!("../../golden/exposition.openmetrics.txt"),
            include_str!("../../golden/exposition.prometheus.txt"),
        ] {
            let exposed = Exposed::read(golden)?;
            let asked =
                uses(r#"x{reason="quota"} + sum by (source) (solti_metrics_records_in_flight)"#)?;
            assert_eq!(exposed.missing(&asked), ["x is not exposed"]);
        }
        Ok(())
    }

    #[test]
    fn an_exposition_with_another_line_is_an_error() {
        assert!(Exposed::read("a{b=\"c\"").is_err());
        assert!(Exposed::read("a").is_err());
    }
}

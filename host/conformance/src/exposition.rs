//! Parser of OpenMetrics 1.0 text, as strict as a scraper may be. An error names the line.

mod family;
mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use solti_metrics_host::text::printable;

use family::MetricFamily;
use line::{ParsedSample, metadata, sample};

/// Samples and types of a valid text.
#[derive(Debug, Default)]
pub(crate) struct ParsedExposition {
    pub(crate) samples: Vec<ParsedSample>,
    /// Types of metric families, by name.
    pub(crate) types: BTreeMap<String, String>,
}

/// Error in a text, with its line.
#[derive(Debug)]
pub(crate) struct ExpositionError {
    line: usize,
    text: String,
    why: String,
}

impl fmt::Display for ExpositionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, text, why } = self;
        write!(f, "line {line}, {why}: {}", printable(text))
    }
}

impl ParsedExposition {
    pub(crate) fn parse(text: &str) -> Result<Self, ExpositionError> {
        let mut reading = ExpositionReader::default();
        let mut number = 0;
        let mut last = "";
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            number += 1;
            last = line;
            reading.line(line).map_err(|why| ExpositionError {
                line: number,
                text: line.to_owned(),
                why,
            })?;
        }
        let at_end = |why: String| ExpositionError {
            line: number,
            text: last.to_owned(),
            why,
        };
        if !reading.ended {
            return Err(at_end("the last line is not `# EOF`".into()));
        }
        Ok(reading.exposition)
    }
}

/// State of the parser.
#[derive(Default)]
struct ExpositionReader {
    exposition: ParsedExposition,
    family: MetricFamily,
    /// Names of complete families and of their samples, which must not occur again.
    before: BTreeSet<String>,
    seen: BTreeSet<String>,
    ended: bool,
}

impl ExpositionReader {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if self.ended {
            return Err("there is text after `# EOF`".into());
        }
        if line == "# EOF" {
            self.ended = true;
            return self.start_family(MetricFamily::default());
        }
        if line.contains('\r') {
            return Err("a line ends with a carriage return".into());
        }
        if line.starts_with('#') {
            let (what, name, value) = metadata(line)?;
            if self.family.name != name {
                self.start_family(MetricFamily::named(name))?;
            }
            self.family.describe(what, value)?;
            if what == "TYPE" {
                let types = &mut self.exposition.types;
                types.insert(name.to_owned(), value.to_owned());
            }
            return Ok(());
        }
        let sample = sample(line)?;
        if !self.seen.insert(sample.to_string()) {
            return Err("the series occurs twice".into());
        }
        if self.family.names().all(|name| name != sample.name) {
            if let Some(why) = self.family.misnamed(&sample.name) {
                return Err(why);
            }
            self.start_family(MetricFamily::named(&sample.name))?;
        }
        self.family.add(&sample)?;
        self.exposition.samples.push(sample);
        Ok(())
    }

    /// Starts the next family, and checks the complete one.
    fn start_family(&mut self, next: MetricFamily) -> Result<(), String> {
        let last = std::mem::replace(&mut self.family, next);
        last.check()?;
        if !last.name.is_empty() {
            self.before.extend(last.names());
            self.before.insert(last.name);
        }
        let name = &self.family.name;
        if self.before.contains(name) {
            return Err(format!(
                "the samples of `{}` are not consecutive",
                printable(name)
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use solti_metrics::EncodeError;

    use super::*;

    fn error(text: &str) -> String {
        match ParsedExposition::parse(text) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_exposition_of_this_project_is_parsed() -> Result<(), EncodeError> {
        use solti_metrics::{MetricsBackend, PrometheusMetrics, RunnerType, TaskOutcome};
        let metrics = PrometheusMetrics::new();
        metrics.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 12);
        let text = metrics.encode(solti_metrics::ExpositionFormat::OpenMetrics)?;
        assert_eq!(error(&text), "");
        Ok(())
    }

    #[test]
    fn all_elements_of_openmetrics_are_parsed() {
        let text = concat!(
            "# TYPE a counter\n# UNIT a_seconds seconds\n# HELP a_seconds Some \"help\" \\n.\n",
            "# TYPE b gauge\nb{x=\"\\\"\\\\\\n}, y\",z=\"\"} -1.5e-3 1700000000.5\nb NaN\n",
            "# TYPE h histogram\nh_bucket{le=\"1.0\"} 1 # {trace=\"x\"} 0.5 1.0\n",
            "h_bucket{le=\"+Inf\"} 2\nh_count 2\nh_sum 3\nh_created 1\n",
            "# TYPE i info\ni_info{version=\"1\"} 1\nfree 1\n# EOF\n",
        );
        assert_eq!(error(text), "");
    }

    #[test]
    fn invalid_openmetrics_is_rejected_with_line_and_reason() {
        for (text, why) in [
            ("a 1\n", "line 1, the last line is not `# EOF`"),
            ("", "line 1, the line is empty"),
            ("a 1\n# EOF\nb 1\n# EOF\n", "line 3, there is text after"),
            ("a 1\n\n# EOF\n", "line 2, the line is empty"),
            (
                "a 1\r\n# EOF\n",
                "line 1, a line ends with a carriage return",
            ),
            (
                "a{b=c} 1\n# EOF\n",
                "line 1, the value of a label has no quotes",
            ),
            (
                "a{b=\"c} 1\n# EOF\n",
                "line 1, the value of a label does not end",
            ),
            (
                "a{b=\"\\x\"} 1\n# EOF\n",
                "line 1, `\\x` is not an escape sequence",
            ),
            (
                "a{b=\"\\\u{7f}\"} 1\n# EOF\n",
                "line 1, `\\\\u{7f}` is not an escape sequence",
            ),
            (
                "a{b=\"1\",b=\"2\"} 1\n# EOF\n",
                "line 1, the label `b` occurs twice",
            ),
            (
                "a{b=\"1\" c=\"2\"} 1\n# EOF\n",
                "line 1, expected a comma between labels",
            ),
            ("a{1=\"1\"} 1\n# EOF\n", "line 1, a label has no name"),
            ("a\n# EOF\n", "line 1, a space and a value"),
            ("a  1\n# EOF\n", "line 1, \"\" is not a number"),
            ("a one\n# EOF\n", "line 1, \"one\" is not a number"),
            ("a 1 2 3\n# EOF\n", "line 1, there is text after"),
            ("9a 1\n# EOF\n", "line 1, a metric has no name"),
            ("a 1\na 2\n# EOF\n", "line 2, the series occurs twice"),
            ("# hello\n# EOF\n", "line 1, OpenMetrics has no comments"),
            ("# TYPE a thing\n# EOF\n", "line 1, `thing` is not a type"),
            (
                "# TYPE a gauge\n# TYPE a gauge\n# EOF\n",
                "line 2, `a` has two TYPE lines",
            ),
            (
                "# TYPE a gauge\na 1\n# HELP a b\n# EOF\n",
                "line 3, HELP must precede",
            ),
            (
                "# UNIT a seconds\n# EOF\n",
                "line 1, the name of a family with this unit must be `a_seconds`",
            ),
            (
                "# TYPE a_total counter\na_total 1\n# EOF\n",
                "line 2, the name of a counter family must not end with `_total`",
            ),
            (
                "# TYPE a counter\na 1\n# EOF\n",
                "line 2, the samples of the counter `a` must be named `a_total`",
            ),
            (
                "# TYPE a counter\na_total -1\n# EOF\n",
                "line 2, the value of a counter cannot be -1",
            ),
            (
                "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c=\"d\"} 1\n# EOF\n",
                "line 5, the samples of `a` are not consecutive",
            ),
            (
                "# TYPE h histogram\nh_count 1\nh_sum 1\n# EOF\n",
                "line 4, `h` has no bucket `+Inf`",
            ),
            (
                "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 2\nh_sum 1\n# EOF\n",
                "line 5, `h` has 1 in the bucket `+Inf`, but a count of 2",
            ),
            (
                "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1\n# EOF\n",
                "line 6, a bucket of `h` has more than the next bucket",
            ),
            (
                "# TYPE h histogram\nh_bucket 1\n# EOF\n",
                "line 2, a bucket has no `le`",
            ),
        ] {
            let refused = error(text);
            assert!(refused.starts_with(why), "{text}\n{refused}");
        }
    }
}

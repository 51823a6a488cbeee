//! Reads OpenMetrics 1.0 text as strictly as a scraper may: what is not allowed is an
//! error, with its line.

mod family;
mod line;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use solti_metrics_host::text::printable;

use family::Family;
use line::{Sample, metadata, sample};

/// What a text says, once it is found to be one.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    pub(crate) samples: Vec<Sample>,
    /// The types of families, by name.
    pub(crate) types: BTreeMap<String, String>,
}

/// Why a text is none.
#[derive(Debug)]
pub(crate) struct Malformed {
    line: usize,
    text: String,
    why: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, text, why } = self;
        write!(f, "line {line}, {why}: {}", printable(text))
    }
}

impl Exposition {
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        let mut reading = Reading::default();
        let mut number = 0;
        let mut last = "";
        for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
            number += 1;
            last = line;
            reading.line(line).map_err(|why| Malformed {
                line: number,
                text: line.to_owned(),
                why,
            })?;
        }
        let at_end = |why: String| Malformed {
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

/// How far a text is read.
#[derive(Default)]
struct Reading {
    exposition: Exposition,
    family: Family,
    /// Names of families that have ended, and of their samples: none of them may go on.
    before: BTreeSet<String>,
    seen: BTreeSet<String>,
    ended: bool,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if self.ended {
            return Err("there is something behind `# EOF`".into());
        }
        if line == "# EOF" {
            self.ended = true;
            return self.begin(Family::default());
        }
        if line.contains('\r') {
            return Err("a line ends with a carriage return".into());
        }
        if line.starts_with('#') {
            let (what, name, value) = metadata(line)?;
            if self.family.name != name {
                self.begin(Family::named(name))?;
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
            return Err("the same series stands above".into());
        }
        if self.family.names().all(|name| name != sample.name) {
            if let Some(why) = self.family.misnamed(&sample.name) {
                return Err(why);
            }
            self.begin(Family::named(&sample.name))?;
        }
        self.family.add(&sample)?;
        self.exposition.samples.push(sample);
        Ok(())
    }

    /// Another family follows; the last one has to be whole.
    fn begin(&mut self, next: Family) -> Result<(), String> {
        let last = std::mem::replace(&mut self.family, next);
        last.check()?;
        if !last.name.is_empty() {
            self.before.extend(last.names());
            self.before.insert(last.name);
        }
        let name = &self.family.name;
        if self.before.contains(name) {
            return Err(format!(
                "`{}` stands above, and others between",
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
        match Exposition::parse(text) {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_our_own_backend_exposes_is_read() -> Result<(), EncodeError> {
        use solti_metrics::{MetricsBackend, PrometheusMetrics, RunnerType, TaskOutcome};
        let metrics = PrometheusMetrics::new();
        metrics.record_task_completed(RunnerType::Wasm, TaskOutcome::Success, 12);
        let text = metrics.encode(solti_metrics::Exposition::OpenMetrics)?;
        assert_eq!(error(&text), "");
        Ok(())
    }

    #[test]
    fn everything_that_openmetrics_has_is_read() {
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
    fn what_is_not_openmetrics_is_refused_with_its_line_and_why() {
        for (text, why) in [
            ("a 1\n", "line 1, the last line is not `# EOF`"),
            ("", "line 1, the line is empty"),
            (
                "a 1\n# EOF\nb 1\n# EOF\n",
                "line 3, there is something behind",
            ),
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
            ("a{b=\"\\x\"} 1\n# EOF\n", "line 1, `\\x` is no escape"),
            (
                "a{b=\"1\",b=\"2\"} 1\n# EOF\n",
                "line 1, the label `b` is there twice",
            ),
            (
                "a{b=\"1\" c=\"2\"} 1\n# EOF\n",
                "line 1, between labels is a comma",
            ),
            ("a{1=\"1\"} 1\n# EOF\n", "line 1, a label has no name"),
            ("a\n# EOF\n", "line 1, there is no value"),
            ("a  1\n# EOF\n", "line 1, \"\" is no number"),
            ("a one\n# EOF\n", "line 1, \"one\" is no number"),
            ("a 1 2 3\n# EOF\n", "line 1, there is something behind"),
            ("9a 1\n# EOF\n", "line 1, a metric has no name"),
            ("a 1\na 2\n# EOF\n", "line 2, the same series stands above"),
            ("# hello\n# EOF\n", "line 1, OpenMetrics has no comments"),
            (
                "# TYPE a thing\n# EOF\n",
                "line 1, there is no type `thing`",
            ),
            (
                "# TYPE a gauge\n# TYPE a gauge\n# EOF\n",
                "line 2, `a` has a TYPE already",
            ),
            (
                "# TYPE a gauge\na 1\n# HELP a b\n# EOF\n",
                "line 3, HELP has to stand before",
            ),
            (
                "# UNIT a seconds\n# EOF\n",
                "line 1, a family with this unit is called `a_seconds`",
            ),
            (
                "# TYPE a_total counter\na_total 1\n# EOF\n",
                "line 2, the family of a counter is called without `_total`",
            ),
            (
                "# TYPE a counter\na 1\n# EOF\n",
                "line 2, the samples of the counter `a` are `a_total`",
            ),
            (
                "# TYPE a counter\na_total -1\n# EOF\n",
                "line 2, a counter is never -1",
            ),
            (
                "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c=\"d\"} 1\n# EOF\n",
                "line 5, `a` stands above",
            ),
            (
                "# TYPE h histogram\nh_count 1\nh_sum 1\n# EOF\n",
                "line 4, `h` has no bucket `+Inf`",
            ),
            (
                "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_count 2\nh_sum 1\n# EOF\n",
                "line 5, `h` has 1 in the bucket `+Inf`, and a count of 2",
            ),
            (
                "# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_count 1\nh_sum 1\n# EOF\n",
                "line 6, `h` has more in a bucket than in the next one",
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

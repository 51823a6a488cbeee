//! Conversion of OpenMetrics to the Prometheus text format.

mod sample;

use std::fmt;

use sample::SampleLine;

/// Rewrites OpenMetrics 1.0 as the Prometheus text format 0.0.4, in chunks of lines.
///
/// The older format names a family with the suffix of its samples. It writes whole bounds of
/// buckets without a fraction, and time stamps in milliseconds. It has no units, no exemplars
/// and no end mark, and only four types. An `info` and a `stateset` become gauges. The
/// `_created` times of counters, histograms and summaries become gauges in separate families.
/// Other types become `untyped`.
///
/// ```
/// use solti_metrics::TextFromOpenMetrics;
///
/// let mut text = TextFromOpenMetrics::default();
/// text.push("# TYPE tasks counter\ntasks_total 2\n# EOF\n")?;
/// assert_eq!(text.finish(), "# TYPE tasks_total counter\ntasks_total 2\n");
/// # Ok::<(), solti_metrics::NotOpenMetrics>(())
/// ```
#[derive(Debug, Default)]
pub struct TextFromOpenMetrics {
    text: String,
    family: TextFamily,
    lines: usize,
    ended: bool,
}

/// Error of a text that cannot be rewritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotOpenMetrics {
    /// Number of the line, counted from 1.
    line: usize,
    why: &'static str,
}

impl fmt::Display for NotOpenMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, why } = self;
        write!(f, "line {line} is not OpenMetrics: {why}")
    }
}

impl std::error::Error for NotOpenMetrics {}

/// Metadata of the family whose lines are being read.
#[derive(Debug, Default)]
struct TextFamily {
    name: String,
    kind: String,
    help: Option<String>,
    /// Whether the type and the help are already written.
    written: bool,
    /// The `_created` times of the family, which are written after it.
    created: String,
}

impl TextFromOpenMetrics {
    /// Adds whole lines.
    ///
    /// # Errors
    ///
    /// If a line is not a line of OpenMetrics. The text written so far is then unusable.
    pub fn push(&mut self, lines: &str) -> Result<(), NotOpenMetrics> {
        for line in lines.lines() {
            self.lines += 1;
            let at = self.lines;
            self.line(line)
                .map_err(|why| NotOpenMetrics { line: at, why })?;
        }
        Ok(())
    }

    /// The whole text.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.start_family("");
        self.text
    }

    fn line(&mut self, line: &str) -> Result<(), &'static str> {
        if line.is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err("there is text after `# EOF`");
        }
        if line == "# EOF" {
            self.ended = true;
            return Ok(());
        }
        if line.starts_with('#') {
            self.metadata(line);
            return Ok(());
        }
        self.describe();
        let sample = SampleLine::read(line)?;
        let is_created = sample.name.strip_suffix("_created") == Some(&*self.family.name);
        if is_created && matches!(&*self.family.kind, "counter" | "histogram" | "summary") {
            if self.family.created.is_empty() {
                self.family.created = format!("# TYPE {} gauge\n", sample.name);
            }
            sample.write(&mut self.family.created);
        } else {
            sample.write(&mut self.text);
        }
        Ok(())
    }

    /// Reads a line with a type, a help or a unit. Any other line with this start is a
    /// comment.
    fn metadata(&mut self, line: &str) {
        let mut words = line.splitn(4, ' ').skip(1);
        let (what, name) = (words.next(), words.next().unwrap_or_default());
        let rest = words.next().unwrap_or_default();
        if !matches!(what, Some("TYPE" | "HELP" | "UNIT")) {
            return;
        }
        if self.family.name != name {
            self.start_family(name);
        }
        match what {
            Some("TYPE") => rest.clone_into(&mut self.family.kind),
            Some("HELP") => self.family.help = Some(with_plain_quotes(rest)),
            _ => {}
        }
    }

    /// Starts another family.
    fn start_family(&mut self, name: &str) {
        self.describe();
        self.text.push_str(&self.family.created);
        self.family = TextFamily {
            name: name.to_owned(),
            ..TextFamily::default()
        };
    }

    /// Writes the metadata of the family, once. The type can follow the help, and determines
    /// the name of the family.
    fn describe(&mut self) {
        let TextFamily {
            name,
            kind,
            help,
            written,
            ..
        } = &mut self.family;
        if std::mem::replace(written, true) || name.is_empty() {
            return;
        }
        let suffix = match &**kind {
            "counter" => "_total",
            "info" => "_info",
            _ => "",
        };
        let suffix = if name.ends_with(suffix) { "" } else { suffix };
        if let Some(help) = help.take() {
            self.text
                .push_str(&format!("# HELP {name}{suffix} {help}\n"));
        }
        if !kind.is_empty() {
            self.text
                .push_str(&format!("# TYPE {name}{suffix} {}\n", older(kind)));
        }
    }
}

/// In a help, OpenMetrics also escapes quotes.
fn with_plain_quotes(help: &str) -> String {
    let mut plain = String::with_capacity(help.len());
    let mut escaped = false;
    for c in help.chars() {
        if escaped && c == '"' {
            plain.pop();
        }
        plain.push(c);
        escaped = c == '\\' && !escaped;
    }
    plain
}

/// Type of the older format, which has four types and `untyped`.
fn older(kind: &str) -> &str {
    match kind {
        "counter" | "gauge" | "histogram" | "summary" => kind,
        "info" | "stateset" => "gauge",
        _ => "untyped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(open_metrics: &str) -> Result<String, NotOpenMetrics> {
        let mut text = TextFromOpenMetrics::default();
        text.push(open_metrics)?;
        Ok(text.finish())
    }

    #[test]
    fn each_type_becomes_a_type_of_the_older_format() {
        for (open_metrics, older) in [
            (
                "# HELP a Two words.\n# TYPE a counter\n# UNIT a s\na_total 1\n",
                "# HELP a_total Two words.\n# TYPE a_total counter\na_total 1\n",
            ),
            (
                "# TYPE a counter\n# HELP a Behind its type: \\\"a\\\", \\\\\", \\n.\na_total 1\n",
                "# HELP a_total Behind its type: \"a\", \\\\\", \\n.\n# TYPE a_total counter\na_total 1\n",
            ),
            (
                "# TYPE a counter\na_total{b=\"c\"} 1\na_created{b=\"c\"} 5\na_total 2\n# TYPE b gauge\nb 1\n",
                "# TYPE a_total counter\na_total{b=\"c\"} 1\na_total 2\n# TYPE a_created gauge\na_created{b=\"c\"} 5\n# TYPE b gauge\nb 1\n",
            ),
            (
                "# TYPE a_total counter\na_total 1\n",
                "# TYPE a_total counter\na_total 1\n",
            ),
            (
                "# TYPE a info\na_info{b=\"c\"} 1\n",
                "# TYPE a_info gauge\na_info{b=\"c\"} 1\n",
            ),
            (
                "# TYPE a stateset\na{a=\"on\"} 1\n",
                "# TYPE a gauge\na{a=\"on\"} 1\n",
            ),
            ("# TYPE a unknown\na 1\n", "# TYPE a untyped\na 1\n"),
            (
                "# TYPE a gaugehistogram\na_gcount 1\n",
                "# TYPE a untyped\na_gcount 1\n",
            ),
            ("a 1\nb NaN\n# a comment\n\n", "a 1\nb NaN\n"),
            ("# TYPE a gauge\n", "# TYPE a gauge\n"),
        ] {
            let end = format!("{open_metrics}# EOF\n");
            assert_eq!(rewritten(&end), Ok(older.to_owned()), "{open_metrics}");
        }
    }

    #[test]
    fn invalid_openmetrics_is_rejected_with_its_line() {
        for (text, why) in [
            ("a 1\nb", "line 2 is not OpenMetrics: there is no value"),
            (
                "a{b=\"}\" 1",
                "line 1 is not OpenMetrics: a comma or a brace must follow the value of a label",
            ),
            (
                "{\"a.b\"} 1",
                "line 1 is not OpenMetrics: a metric has no name",
            ),
            ("9a 1", "line 1 is not OpenMetrics: a metric has no name"),
            (
                "a one",
                "line 1 is not OpenMetrics: the value is not a number",
            ),
            (
                "a 1 now",
                "line 1 is not OpenMetrics: the time stamp is not a number",
            ),
            (
                "a 1 2 3",
                "line 1 is not OpenMetrics: there is text after the value",
            ),
            (
                "# EOF\na 1",
                "line 2 is not OpenMetrics: there is text after `# EOF`",
            ),
        ] {
            let refused = rewritten(text).err().map(|it| it.to_string());
            assert_eq!(refused.as_deref(), Some(why), "{text}");
        }
    }
}

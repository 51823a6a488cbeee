//! Reads expositions in OpenMetrics and text 0.0.4. Tests have no other reader, except
//! those of Prometheus and of other projects.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

/// A line with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample<'a> {
    /// Name and labels, as they are written.
    pub series: &'a str,
    /// Name without labels.
    pub name: &'a str,
    /// Names and texts of the labels, in order. The texts keep their escapes.
    pub labels: Vec<(&'a str, &'a str)>,
    /// The value, as it is written.
    pub value: &'a str,
    /// The rest of the line: a timestamp, an exemplar.
    pub rest: &'a str,
}

/// The samples after a `# TYPE` line, and the metadata of the lines before them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family<'a> {
    /// The name in the `# TYPE` line.
    pub name: &'a str,
    /// The type.
    pub kind: &'a str,
    /// The text of the `# HELP` line.
    pub help: &'a str,
    /// The samples, in order.
    pub samples: Vec<Sample<'a>>,
}

/// All samples, in order.
///
/// # Errors
///
/// When a line is neither a comment nor a sample.
pub fn samples(exposition: &str) -> Result<Vec<Sample<'_>>> {
    let lines = exposition.lines().filter(|line| !line.starts_with('#'));
    lines.map(Sample::of).collect()
}

/// The samples that never go down, by their series.
///
/// # Errors
///
/// When a line is neither a comment nor a sample.
pub fn counters(exposition: &str) -> Result<BTreeMap<String, f64>> {
    let mut counters = BTreeMap::new();
    for sample in samples(exposition)? {
        let ends = ["_total", "_count", "_bucket", "_sum"];
        if ends.iter().any(|end| sample.name.ends_with(end)) {
            counters.insert(sample.series.to_owned(), sample.number()?);
        }
    }
    Ok(counters)
}

/// The value of a series, by its name and labels as they are written.
///
/// # Errors
///
/// When the series is missing, occurs twice, or has a value that is not a number.
pub fn value(exposition: &str, series: &str) -> Result<f64> {
    let lines = exposition.lines().filter(|line| line.starts_with(series));
    let samples = lines.filter_map(|line| Sample::of(line).ok());
    let found: Vec<_> = samples.filter(|sample| sample.series == series).collect();
    ensure!(found.len() == 1, "{series}: {found:?} in\n{exposition}");
    found[0].number()
}

/// All families, in the order of their `# TYPE` lines.
///
/// # Errors
///
/// When a line is neither a comment nor a sample, or belongs to no family.
pub fn families(exposition: &str) -> Result<Vec<Family<'_>>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    let mut helps = Vec::new();
    for line in exposition.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            helps.push(rest.split_once(' ').context("no help")?);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').context("no type")?;
            families.push(Family {
                name,
                kind,
                help: "",
                samples: Vec::new(),
            });
        } else if !line.starts_with('#') {
            let family = families.last_mut().context("no family")?;
            family.samples.push(Sample::of(line)?);
        }
    }
    for (name, help) in helps {
        let mut of_name = families.iter_mut().filter(|family| family.name == name);
        of_name.next().with_context(|| format!("no {name}"))?.help = help;
    }
    Ok(families)
}

impl<'a> Sample<'a> {
    /// Reads a line.
    ///
    /// # Errors
    ///
    /// When the line has no value, or has labels that are not closed.
    pub fn of(line: &'a str) -> Result<Self> {
        Self::read(line).with_context(|| format!("not a sample: {line}"))
    }

    /// The value as a number.
    ///
    /// # Errors
    ///
    /// When the value is not a number, or has a suffix.
    pub fn number(&self) -> Result<f64> {
        let (series, value, rest) = (self.series, self.value, self.rest);
        ensure!(rest.is_empty(), "{series}: {rest} after the value");
        value.parse().with_context(|| format!("{series}: {value}"))
    }

    /// The text of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&'a str> {
        let mut labels = self.labels.iter();
        Some(labels.find(|(label, _)| *label == name)?.1)
    }

    fn read(line: &'a str) -> Option<Self> {
        let (name, mut after) = line.split_at(line.find(['{', ' '])?);
        let mut labels = Vec::new();
        if let Some(mut within) = after.strip_prefix('{') {
            while !within.starts_with('}') {
                let (label, text) = within.split_once("=\"")?;
                let (text, others) = text.split_at(end_of_text(text)?);
                labels.push((label, text));
                within = &others[1..];
                within = match within.strip_prefix(',') {
                    Some(next) => next,
                    None => within.starts_with('}').then_some(within)?,
                };
            }
            after = &within[1..];
        }
        let series = &line[..line.len() - after.len()];
        let after = after.strip_prefix(' ')?;
        let (value, rest) = after.split_once(' ').unwrap_or((after, ""));
        (!name.is_empty() && !value.is_empty()).then_some(Self {
            series,
            name,
            labels,
            value,
            rest,
        })
    }
}

/// Position of the quote that ends a text. The text may have escaped quotes.
fn end_of_text(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_with_any_label_text_is_parsed() -> Result<()> {
        let sample = Sample::of(r#"a_total{x="a } , \" #",le="1.0"} 3 # {y="z"} 1"#)?;
        assert_eq!(sample.series, r#"a_total{x="a } , \" #",le="1.0"}"#);
        assert_eq!(sample.name, "a_total");
        assert_eq!(sample.labels, [("x", r#"a } , \" #"#), ("le", "1.0")]);
        assert_eq!((sample.value, sample.rest), ("3", r#"# {y="z"} 1"#));
        assert_eq!(sample.label("le"), Some("1.0"));
        assert!(sample.number().is_err());
        assert_eq!(Sample::of("b 2.5")?.number()?, 2.5);
        assert_eq!(Sample::of("b{} 2")?.series, "b{}");
        Ok(())
    }

    #[test]
    fn a_line_that_is_not_a_sample_is_an_error() {
        for line in [
            "",
            "a",
            "a ",
            " 1",
            "a{} ",
            "a{}1",
            "a{x=\"y\"",
            "a{x=\"y} 1",
            "a{x=y} 1",
            "a{x=\"y\"z=\"w\"} 1",
            "a{x=\"y\\\"} 1",
        ] {
            assert!(samples(&format!("{line}\n")).is_err(), "{line:?}");
        }
    }

    #[test]
    fn a_value_belongs_to_the_requested_series() -> Result<()> {
        let text = "words\n# TYPE a counter\na{x=\"1\"} 1\na{x=\"12\"} 2\nb 3\nb 4\n";
        assert_eq!(value(text, "a{x=\"1\"}")?, 1.0);
        for not_once in ["a", "b", "c", "a{x=\"1"] {
            assert!(value(text, not_once).is_err(), "{not_once}");
        }
        Ok(())
    }

    #[test]
    fn a_family_has_its_type_help_and_samples() -> Result<()> {
        let text = "# HELP a Some.\n# TYPE a counter\na_total 1\n# TYPE b gauge\n\
                    # HELP b Of others.\nb{x=\"y\"} 1\nb{x=\"z\"} 1\n# EOF\n";
        let families = families(text)?;
        let seen: Vec<_> = families
            .iter()
            .map(|it| (it.name, it.kind, it.help, it.samples.len()))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", "counter", "Some.", 1),
                ("b", "gauge", "Of others.", 2)
            ]
        );
        assert!(super::families("a 1\n").is_err());
        Ok(())
    }
}

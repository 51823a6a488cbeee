//! Writes metric families as text.

use std::array;

use solti_metrics::ExpositionFormat;

/// Writes families of metrics whose values are read at the scrape, in the format of the
/// scraper. `prometheus-client` writes a sample in about fifteen pieces through a dynamic
/// writer, and text 0.0.4 is then parsed from OpenMetrics. Thousands of samples need a
/// shorter way to the same bytes.
pub(super) struct FamilyWriter {
    format: ExpositionFormat,
    text: String,
}

/// A value of a sample.
pub(super) trait SampleValue {
    /// Appends the value in the notation of `prometheus-client`.
    fn write(self, text: &mut String);
}

impl SampleValue for u64 {
    fn write(self, text: &mut String) {
        text.push_str(itoa::Buffer::new().format(self));
    }
}

impl SampleValue for f64 {
    fn write(self, text: &mut String) {
        text.push_str(dtoa::Buffer::new().format(self));
    }
}

impl FamilyWriter {
    /// A writer without families. `capacity` is the expected length of the text, in
    /// bytes.
    pub(super) fn new(format: ExpositionFormat, capacity: usize) -> Self {
        Self {
            format,
            text: String::with_capacity(capacity),
        }
    }

    /// Writes a family of counters. A sample has the text of each label, and its value.
    pub(super) fn counter<'l, V: SampleValue, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&str; N],
        samples: impl IntoIterator<Item = ([&'l str; N], V)>,
    ) {
        // The older format names the family like its samples.
        let family = match self.format {
            ExpositionFormat::OpenMetrics => "",
            _ => "_total",
        };
        self.describe([name, family], help, "counter");
        self.samples([name, "_total"], labels, samples);
    }

    /// Writes a family of gauges, in the same way.
    pub(super) fn gauge<'l, V: SampleValue, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        labels: [&str; N],
        samples: impl IntoIterator<Item = ([&'l str; N], V)>,
    ) {
        self.describe([name, ""], help, "gauge");
        self.samples([name, ""], labels, samples);
    }

    /// The text of all families.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn describe(&mut self, [name, suffix]: [&str; 2], help: &str, kind: &str) {
        for piece in ["# HELP ", name, suffix, " ", help, "\n"] {
            self.text.push_str(piece);
        }
        for piece in ["# TYPE ", name, suffix, " ", kind, "\n"] {
            self.text.push_str(piece);
        }
    }

    fn samples<'l, V: SampleValue, const N: usize>(
        &mut self,
        [name, suffix]: [&str; 2],
        labels: [&str; N],
        samples: impl IntoIterator<Item = ([&'l str; N], V)>,
    ) {
        // All samples have the same text before the text of a label.
        let before: [String; N] = array::from_fn(|at| match (at, labels[at]) {
            (0, label) => format!("{name}{suffix}{{{label}=\""),
            (_, label) => format!("\",{label}=\""),
        });
        let text = &mut self.text;
        for (labels, value) in samples {
            for (before, label) in before.iter().zip(labels) {
                text.push_str(before);
                push_escaped(text, label);
            }
            if N == 0 {
                // A sample without labels has no braces.
                text.push_str(name);
                text.push_str(suffix);
                text.push(' ');
            } else {
                text.push_str("\"} ");
            }
            value.write(text);
            text.push('\n');
        }
    }
}

/// Appends the text of a label.
fn push_escaped(text: &mut String, label: &str) {
    let is_special = |byte| matches!(byte, b'\\' | b'"' | b'\n');
    // Without an early exit, the compiler checks many bytes at a time.
    if !label
        .bytes()
        .fold(false, |any, byte| any | is_special(byte))
    {
        text.push_str(label);
        return;
    }
    for c in label.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use prometheus_client::collector::Collector;
    use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
    use prometheus_client::metrics::counter::ConstCounter;
    use prometheus_client::metrics::gauge::ConstGauge;
    use prometheus_client::registry::Registry;

    use super::*;

    const LABELS: [[&str; 2]; 4] = [
        ["plain", "text"],
        ["", "ä } , #"],
        ["a \"quote\"", "back\\slash"],
        ["two\nlines", "\\\"\n"],
    ];

    const NUMBERS: [f64; 10] = [
        0.0,
        -0.0,
        1.0,
        0.1,
        1e-7,
        123_456.789,
        1e15,
        1e21,
        f64::INFINITY,
        f64::NAN,
    ];

    /// The same families, through `prometheus-client`.
    #[derive(Debug)]
    struct Families;

    impl Collector for Families {
        fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
            let zero = ConstCounter::new(0_u64);
            let kind = zero.metric_type();
            let mut family = encoder.encode_descriptor("counted", "Things.", None, kind)?;
            for ([a, b], value) in LABELS.into_iter().zip([0, 1, 10, u64::MAX]) {
                let labels = [("a", a), ("b", b)];
                ConstCounter::new(value).encode(family.encode_family(&labels)?)?;
            }
            let kind = zero.metric_type();
            zero.encode(encoder.encode_descriptor("alone", "It.", None, kind)?)?;
            let kind = ConstGauge::new(0.0).metric_type();
            let mut family = encoder.encode_descriptor("level", "Levels.", None, kind)?;
            for value in NUMBERS {
                ConstGauge::new(value).encode(family.encode_family(&[("n", "x")])?)?;
            }
            let kind = zero.metric_type();
            encoder.encode_descriptor("empty", "Nothing.", None, kind)?;
            Ok(())
        }
    }

    fn written(format: ExpositionFormat) -> String {
        let mut families = FamilyWriter::new(format, 0);
        let counts = LABELS.into_iter().zip([0, 1, 10, u64::MAX]);
        families.counter("counted", "Things.", ["a", "b"], counts);
        families.counter("alone", "It.", [], [([], 0)]);
        let levels = NUMBERS.map(|number| (["x"], number));
        families.gauge("level", "Levels.", ["n"], levels);
        families.counter("empty", "Nothing.", ["n"], [(["x"], 0_u64); 0]);
        families.finish()
    }

    #[test]
    fn the_text_is_that_of_prometheus_client_in_both_formats() -> anyhow::Result<()> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Families));
        for format in [ExpositionFormat::OpenMetrics, ExpositionFormat::Text] {
            let expected = format.encode(&registry)?;
            let expected = expected.strip_suffix("# EOF\n").unwrap_or(&expected);
            assert_eq!(written(format), expected, "{format:?}");
        }
        Ok(())
    }
}

//! One metric family of an exposition, and the rules for it.

use std::collections::BTreeMap;

use solti_metrics_host::text::printable;

use super::line::ParsedSample;

/// A metric type of OpenMetrics, and the suffixes of its sample names.
type FamilyType = (&'static str, &'static [&'static str]);

const UNKNOWN: FamilyType = ("unknown", &[""]);

const KINDS: [FamilyType; 8] = [
    ("counter", &["_total", "_created"]),
    ("gauge", &[""]),
    ("gaugehistogram", &["_bucket", "_gcount", "_gsum"]),
    ("histogram", &["_bucket", "_count", "_sum", "_created"]),
    ("info", &["_info"]),
    ("stateset", &[""]),
    ("summary", &["", "_count", "_sum", "_created"]),
    UNKNOWN,
];

/// The family that is being parsed.
#[derive(Debug, Default)]
pub(super) struct MetricFamily {
    pub(super) name: String,
    kind: Option<FamilyType>,
    described: Vec<String>,
    has_samples: bool,
    /// Histograms by labels other than `le`.
    histograms: BTreeMap<String, HistogramSamples>,
}

#[derive(Debug, Default)]
struct HistogramSamples {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
}

impl MetricFamily {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn describe(&mut self, what: &str, value: &str) -> Result<(), String> {
        let name = printable(&self.name);
        if self.has_samples {
            return Err(format!("{what} must precede the samples of `{name}`"));
        }
        if self.described.iter().any(|it| it == what) {
            return Err(format!("`{name}` has two {what} lines"));
        }
        self.described.push(what.to_owned());
        match what {
            "TYPE" => {
                let kind = KINDS.into_iter().find(|(kind, _)| *kind == value);
                let none = || format!("`{}` is not a type", printable(value));
                self.kind = Some(kind.ok_or_else(none)?);
            }
            "UNIT" if !(value.is_empty() || self.name.ends_with(&format!("_{value}"))) => {
                return Err(format!(
                    "the name of a family with this unit must be `{name}_{}`",
                    printable(value)
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// Names of the samples of the family.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let (_, ends) = self.kind.unwrap_or(UNKNOWN);
        ends.iter().map(|end| format!("{}{end}", self.name))
    }

    /// Error of a sample whose name resembles the family.
    pub(super) fn misnamed(&self, name: &str) -> Option<String> {
        let (kind, _) = self.kind.filter(|_| name == self.name)?;
        if kind == "counter" && name.ends_with("_total") {
            return Some("the name of a counter family must not end with `_total`".into());
        }
        let names: Vec<_> = self.names().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        Some(format!(
            "the samples of the {kind} `{name}` must be named {names}"
        ))
    }

    pub(super) fn add(&mut self, sample: &ParsedSample) -> Result<(), String> {
        self.has_samples = true;
        let (kind, _) = self.kind.unwrap_or(UNKNOWN);
        let end = sample.name.strip_prefix(&*self.name).unwrap_or_default();
        let counts = matches!(
            (kind, end),
            ("counter", "_total") | ("histogram", "_bucket" | "_count")
        );
        let value = sample.value;
        if counts && (value.is_nan() || value < 0.0) {
            return Err(format!("the value of a counter cannot be {value}"));
        }
        if kind != "histogram" {
            return Ok(());
        }
        let mut labels = sample.labels.clone();
        let le = labels.remove("le");
        let histogram = self.histograms.entry(format!("{labels:?}")).or_default();
        match end {
            "_bucket" => {
                let le = le.ok_or("a bucket has no `le`")?;
                let bound = le.parse::<f64>().ok().filter(|bound| !bound.is_nan());
                let none = || format!("`le` is {:?}, which is not a number", printable(&le));
                histogram.buckets.push((bound.ok_or_else(none)?, value));
            }
            "_count" => histogram.count = Some(value),
            _ => {}
        }
        Ok(())
    }

    /// Checks that are only possible with all samples of the family.
    pub(super) fn check(&self) -> Result<(), String> {
        let name = printable(&self.name);
        for histogram in self.histograms.values() {
            let mut buckets = histogram.buckets.clone();
            buckets.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            let Some((_, all)) = buckets.last().filter(|(le, _)| *le == f64::INFINITY) else {
                return Err(format!("`{name}` has no bucket `+Inf`"));
            };
            if !buckets.is_sorted_by(|(_, one), (_, next)| one <= next) {
                return Err(format!(
                    "a bucket of `{name}` has more than the next bucket"
                ));
            }
            if let Some(count) = histogram.count.filter(|count| count != all) {
                return Err(format!(
                    "`{name}` has {all} in the bucket `+Inf`, but a count of {count}"
                ));
            }
        }
        Ok(())
    }
}

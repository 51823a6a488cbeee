//! One metric family of an exposition, and the rules for it.

use std::collections::BTreeMap;

use solti_metrics_host::text::printable;

use super::line::Sample;

/// A type of OpenMetrics, and what the names of its samples end with.
type Kind = (&'static str, &'static [&'static str]);

const UNKNOWN: Kind = ("unknown", &[""]);

const KINDS: [Kind; 8] = [
    ("counter", &["_total", "_created"]),
    ("gauge", &[""]),
    ("gaugehistogram", &["_bucket", "_gcount", "_gsum"]),
    ("histogram", &["_bucket", "_count", "_sum", "_created"]),
    ("info", &["_info"]),
    ("stateset", &[""]),
    ("summary", &["", "_count", "_sum", "_created"]),
    UNKNOWN,
];

/// The metric that is being read.
#[derive(Debug, Default)]
pub(super) struct Family {
    pub(super) name: String,
    kind: Option<Kind>,
    described: Vec<String>,
    has_samples: bool,
    /// By labels other than `le`.
    histograms: BTreeMap<String, Histogram>,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: Vec<(f64, f64)>,
    count: Option<f64>,
}

impl Family {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn describe(&mut self, what: &str, value: &str) -> Result<(), String> {
        let name = printable(&self.name);
        if self.has_samples {
            return Err(format!(
                "{what} has to stand before the samples of `{name}`"
            ));
        }
        if self.described.iter().any(|it| it == what) {
            return Err(format!("`{name}` has a {what} already"));
        }
        self.described.push(what.to_owned());
        match what {
            "TYPE" => {
                let kind = KINDS.into_iter().find(|(kind, _)| *kind == value);
                let none = || format!("there is no type `{}`", printable(value));
                self.kind = Some(kind.ok_or_else(none)?);
            }
            "UNIT" if !(value.is_empty() || self.name.ends_with(&format!("_{value}"))) => {
                return Err(format!(
                    "a family with this unit is called `{name}_{}`",
                    printable(value)
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// The names of its samples.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let (_, ends) = self.kind.unwrap_or(UNKNOWN);
        ends.iter().map(|end| format!("{}{end}", self.name))
    }

    /// What is wrong with a sample of this name, which looks as if it were of this
    /// family.
    pub(super) fn misnamed(&self, name: &str) -> Option<String> {
        let (kind, _) = self.kind.filter(|_| name == self.name)?;
        if kind == "counter" && name.ends_with("_total") {
            return Some("the family of a counter is called without `_total`".into());
        }
        let names: Vec<_> = self.names().map(|name| format!("`{name}`")).collect();
        let names = names.join(", ");
        Some(format!("the samples of the {kind} `{name}` are {names}"))
    }

    pub(super) fn add(&mut self, sample: &Sample) -> Result<(), String> {
        self.has_samples = true;
        let (kind, _) = self.kind.unwrap_or(UNKNOWN);
        let end = sample.name.strip_prefix(&*self.name).unwrap_or_default();
        let counts = matches!(
            (kind, end),
            ("counter", "_total") | ("histogram", "_bucket" | "_count")
        );
        let value = sample.value;
        if counts && (value.is_nan() || value < 0.0) {
            return Err(format!("a counter is never {value}"));
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
                let none = || format!("`le` is {:?}, and no number", printable(&le));
                histogram.buckets.push((bound.ok_or_else(none)?, value));
            }
            "_count" => histogram.count = Some(value),
            _ => {}
        }
        Ok(())
    }

    /// What can only be said once all of its samples are there.
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
                    "`{name}` has more in a bucket than in the next one"
                ));
            }
            if let Some(count) = histogram.count.filter(|count| count != all) {
                return Err(format!(
                    "`{name}` has {all} in the bucket `+Inf`, and a count of {count}"
                ));
            }
        }
        Ok(())
    }
}

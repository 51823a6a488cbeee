//! Comparison of an exposition with the records.

use std::collections::{BTreeMap, BTreeSet};

use solti_metrics::{Event, PrometheusMetrics};
use solti_metrics_host::MetricsCtx;

use crate::error::Error;
use crate::exposition::ParsedExposition;
use crate::vector::ExpectedSample;

/// Metrics of the contract, and their types. A component that has one of them must have
/// all.
const FAMILIES: [(&str, &str); 4] = [
    ("solti_runner_tasks_started", "counter"),
    ("solti_runner_tasks_completed", "counter"),
    ("solti_runner_task_duration_seconds", "histogram"),
    ("solti_runner_errors", "counter"),
];

const LABELS: [&str; 4] = ["runner", "outcome", "error", "le"];

/// Relative difference up to which values are equal. A sum of floats depends on the order
/// of additions.
const ROUNDING: f64 = 1e-9;

/// An expected sample, and the sample in the exposition.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    /// Metric of the sample.
    pub(crate) metric: String,
    pub(crate) expected: String,
    pub(crate) seen: String,
}

/// The Prometheus backend of this project, with the same records.
#[derive(Debug, Default)]
pub(crate) struct ReferenceBackend {
    exact: PrometheusMetrics,
    /// Counts with durations lowered to the ceiling of hosts. A provider may have another
    /// ceiling, which must not be lower.
    lowered: PrometheusMetrics,
}

/// Values by series. Labels outside of the contract are summed.
type Sums = BTreeMap<(String, BTreeMap<String, String>), f64>;

impl ReferenceBackend {
    pub(crate) fn record(&self, events: &[Event]) {
        for &event in events {
            event.record_into(&self.exact);
            lowered(event).record_into(&self.lowered);
        }
    }

    /// All differences, by series.
    pub(crate) fn compare(&self, found: &ParsedExposition) -> Result<Vec<Difference>, Error> {
        let (most, least) = (sums_of(&self.exact)?, sums_of(&self.lowered)?);
        let seen = sums(found);
        let mut differences = wrong_types(found);
        let series: BTreeSet<_> = most.keys().chain(seen.keys()).collect();
        let mut series: Vec<_> = series.into_iter().collect();
        // A count is more informative than its wrong buckets.
        series.sort_by_key(|(name, labels)| (labels.contains_key("le"), !name.ends_with("_total")));
        for series in series {
            let most = most.get(series).copied().unwrap_or(0.0);
            let least = least.get(series).copied().unwrap_or(0.0);
            let (name, labels) = series;
            // A histogram must have all of its buckets. Other series may be absent if they
            // are 0.
            let missing = if labels.contains_key("le") {
                f64::NAN
            } else {
                0.0
            };
            let value = seen.get(series).copied();
            if !lies_between(value.unwrap_or(missing), least, most) {
                differences.push(difference(name, labels, most, value));
            }
        }
        Ok(differences)
    }
}

/// Whether a text has metrics of the contract, or no samples. A text without samples must
/// have them.
pub(crate) fn has_contract(found: &ParsedExposition) -> bool {
    let mut samples = found.samples.iter();
    found.samples.is_empty() || samples.any(|sample| is_of_contract(&sample.name))
}

fn is_of_contract(name: &str) -> bool {
    FAMILIES.iter().any(|(family, kind)| {
        let end = name.strip_prefix(family);
        match *kind {
            "counter" => end == Some("_total"),
            _ => matches!(end, Some("_bucket" | "_count" | "_sum")),
        }
    })
}

/// Differences from the samples that a vector expects. Without metrics of the contract,
/// their expected samples are ignored.
pub(crate) fn compare(
    found: &ParsedExposition,
    expected: &[ExpectedSample],
    contract: bool,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for expected in expected {
        if !contract && is_of_contract(&expected.metric) {
            continue;
        }
        let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
        let most = number(&expected.value);
        let least = expected.at_least.as_deref().map_or(most, number);
        let wanted = canonical(&expected.labels);
        let matching: Vec<_> = found
            .samples
            .iter()
            .filter(|sample| sample.name == expected.metric)
            .filter(|sample| {
                let labels = canonical(&sample.labels);
                wanted
                    .iter()
                    .all(|(name, value)| labels.get(name) == Some(value))
            })
            .map(|sample| sample.value)
            .collect();
        let value = (!matching.is_empty()).then(|| matching.iter().sum());
        if !value.is_some_and(|value| lies_between(value, least, most)) {
            differences.push(difference(&expected.metric, &wanted, most, value));
        }
    }
    differences
}

fn lowered(event: Event) -> Event {
    let ceiling = u64::try_from(MetricsCtx::DEFAULT_DURATION_CEILING.as_millis());
    match event {
        Event::TaskCompleted {
            runner,
            outcome,
            duration_ms,
        } => Event::TaskCompleted {
            runner,
            outcome,
            duration_ms: duration_ms.min(ceiling.unwrap_or(u64::MAX)),
        },
        other => other,
    }
}

fn lies_between(value: f64, least: f64, most: f64) -> bool {
    (least * (1.0 - ROUNDING)..=most * (1.0 + ROUNDING)).contains(&value)
}

fn difference(
    name: &str,
    labels: &BTreeMap<String, String>,
    expected: f64,
    seen: Option<f64>,
) -> Difference {
    let labels: Vec<_> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    Difference {
        metric: name.to_owned(),
        expected: format!("{name}{{{}}} {expected}", labels.join(",")),
        seen: seen.map_or("no such series".into(), |value| value.to_string()),
    }
}

fn wrong_types(found: &ParsedExposition) -> Vec<Difference> {
    let wrong = FAMILIES.into_iter().filter_map(|(family, kind)| {
        let seen = found.types.get(family)?;
        (seen != kind).then(|| Difference {
            metric: family.to_owned(),
            expected: format!("# TYPE {family} {kind}"),
            seen: seen.clone(),
        })
    });
    wrong.collect()
}

fn sums_of(metrics: &PrometheusMetrics) -> Result<Sums, Error> {
    let text = metrics.encode(solti_metrics::ExpositionFormat::OpenMetrics);
    let text = text.map_err(Error::internal)?;
    let ours = ParsedExposition::parse(&text).map_err(Error::internal)?;
    Ok(sums(&ours))
}

fn sums(found: &ParsedExposition) -> Sums {
    let mut sums = Sums::new();
    for sample in &found.samples {
        if is_of_contract(&sample.name) {
            let mut labels = canonical(&sample.labels);
            labels.retain(|name, _| LABELS.contains(&&**name));
            *sums.entry((sample.name.clone(), labels)).or_default() += sample.value;
        }
    }
    sums
}

/// Converts the bound of a bucket into a common format.
fn canonical(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut labels = labels.clone();
    if let Some(le) = labels.get_mut("le")
        && let Ok(bound) = le.parse::<f64>()
    {
        *le = bound.to_string();
    }
    labels
}

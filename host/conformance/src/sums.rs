//! Whether what is exposed adds up to what was recorded.

use std::collections::{BTreeMap, BTreeSet};

use solti_metrics::{Event, PrometheusMetrics};
use solti_metrics_host::MetricsCtx;

use crate::error::Error;
use crate::exposition::Exposition;
use crate::vector::Expected;

/// The metrics of the contract, and their types. Whoever has one of them has all.
const FAMILIES: [(&str, &str); 4] = [
    ("solti_runner_tasks_started", "counter"),
    ("solti_runner_tasks_completed", "counter"),
    ("solti_runner_task_duration_seconds", "histogram"),
    ("solti_runner_errors", "counter"),
];

const LABELS: [&str; 4] = ["runner", "outcome", "error", "le"];

/// Values up to this share of them apart are the same: a sum of floats depends on the
/// order of additions.
const ROUNDING: f64 = 1e-9;

/// What has to be there, and what is.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) expected: String,
    pub(crate) seen: String,
}

/// Our own backend, given the same records.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    exact: PrometheusMetrics,
    /// With durations lowered to the ceiling that hosts have: a receiver may have one of
    /// its own, if it is no lower.
    lowered: PrometheusMetrics,
}

/// Values by series. Labels that the contract does not have are summed over.
type Sums = BTreeMap<(String, BTreeMap<String, String>), f64>;

impl Reference {
    pub(crate) fn record(&self, events: &[Event]) {
        for &event in events {
            event.record_into(&self.exact);
            lowered(event).record_into(&self.lowered);
        }
    }

    /// Every difference, series by series.
    pub(crate) fn compare(&self, found: &Exposition) -> Result<Vec<Difference>, Error> {
        let (most, least) = (sums_of(&self.exact)?, sums_of(&self.lowered)?);
        let seen = sums(found);
        let mut differences = wrong_types(found);
        let series: BTreeSet<_> = most.keys().chain(seen.keys()).collect();
        let mut series: Vec<_> = series.into_iter().collect();
        // A count says more than the buckets that go wrong with it.
        series.sort_by_key(|(name, labels)| (labels.contains_key("le"), !name.ends_with("_total")));
        for series in series {
            let most = most.get(series).copied().unwrap_or(0.0);
            let least = least.get(series).copied().unwrap_or(0.0);
            let (name, labels) = series;
            // A histogram has all of its buckets; what else is 0 need not be there.
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

/// Whether a text has metrics of the contract; one without any sample should have.
pub(crate) fn has_contract(found: &Exposition) -> bool {
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

/// What a vector expects of samples. Those of the contract are of no interest if there
/// are none.
pub(crate) fn compare(
    found: &Exposition,
    expected: &[Expected],
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
        expected: format!("{name}{{{}}} {expected}", labels.join(",")),
        seen: seen.map_or("no such series".into(), |value| value.to_string()),
    }
}

fn wrong_types(found: &Exposition) -> Vec<Difference> {
    let wrong = FAMILIES.into_iter().filter_map(|(family, kind)| {
        let seen = found.types.get(family)?;
        (seen != kind).then(|| Difference {
            expected: format!("# TYPE {family} {kind}"),
            seen: seen.clone(),
        })
    });
    wrong.collect()
}

fn sums_of(metrics: &PrometheusMetrics) -> Result<Sums, Error> {
    let text = metrics.encode(solti_metrics::Exposition::OpenMetrics);
    let text = text.map_err(Error::internal)?;
    let ours = Exposition::parse(&text).map_err(Error::internal)?;
    Ok(sums(&ours))
}

fn sums(found: &Exposition) -> Sums {
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

/// The bound of a bucket is a number, however it is written.
fn canonical(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut labels = labels.clone();
    if let Some(le) = labels.get_mut("le")
        && let Ok(bound) = le.parse::<f64>()
    {
        *le = bound.to_string();
    }
    labels
}

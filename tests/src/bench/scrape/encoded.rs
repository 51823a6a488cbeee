//! The samples of an exposition, encoded again by `prometheus-client`.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use crate::bench::{Result, Spread};
use cpu_time::ThreadTime;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Number of measurements.
const TIMES: usize = 9;

type Labels = Vec<(String, String)>;

/// The samples of an exposition: lines that are not comments.
pub(super) fn samples(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.starts_with('#'))
}

/// CPU time to encode the same samples, as gauges with the same names and labels, in
/// seconds.
pub(super) fn again(text: &str) -> Result<f64> {
    let registry = registry(text)?;
    let times = (0..TIMES).map(|_| {
        let mut again = String::new();
        let start = ThreadTime::now();
        encode(&mut again, &registry)?;
        Ok(start.elapsed().as_secs_f64())
    });
    let spread = Spread::of(times.collect::<Result<_>>()?);
    Ok(spread.ok_or("not once")?.median)
}

fn registry(text: &str) -> Result<Registry> {
    let mut families = BTreeMap::<&str, Family<Labels, Gauge<f64, AtomicU64>>>::new();
    for line in samples(text) {
        let (series, value) = line.rsplit_once(' ').ok_or("a sample without a value")?;
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let family = families.entry(name).or_default();
        let labels = labels.trim_end_matches('}');
        let labels = labels.split_inclusive("\",").filter_map(|label| {
            let (name, value) = label.split_once("=\"")?;
            let value = value.trim_end_matches(',').trim_end_matches('"');
            Some((name.to_owned(), value.to_owned()))
        });
        let gauge = family.get_or_create(&labels.collect());
        gauge.set(value.parse()?);
    }
    let mut registry = Registry::default();
    for (name, family) in families {
        registry.register(name, "", family);
    }
    Ok(registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_samples_are_encoded() -> Result<()> {
        let text = "# HELP a a\na{b=\"c\",d=\"e\"} 1.5\na{b=\"f\",d=\"g, h\"} 2.0\nb_total 3.0\n";
        let mut again = String::new();
        encode(&mut again, &registry(text)?)?;
        let mut found: Vec<_> = samples(&again).collect();
        found.sort_unstable();
        // A family writes its braces also without labels.
        let expected = text.replace("b_total", "b_total{}");
        let expected: Vec<_> = samples(&expected).collect();
        assert_eq!(found, expected);
        Ok(())
    }
}

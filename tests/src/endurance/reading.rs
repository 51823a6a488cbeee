use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::exposition::samples;

/// The samples of one scrape, by name and labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading(BTreeMap<String, f64>);

impl Reading {
    /// Reads an exposition.
    ///
    /// # Errors
    ///
    /// When a line is not a sample.
    pub fn of(exposition: &str) -> Result<Self> {
        let samples = samples(exposition)?;
        let values = samples
            .iter()
            .map(|sample| Ok((sample.series.to_owned(), sample.number()?)));
        Ok(Self(values.collect::<Result<_>>()?))
    }

    /// The value of a series, or 0 if the exposition has no such series.
    #[must_use]
    pub fn get(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// The sums of a family, by the text of one label.
    #[must_use]
    pub fn by(&self, family: &str, label: &str) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (series, value) in &self.0 {
            let Some(labels) = series
                .strip_prefix(family)
                .and_then(|it| it.strip_prefix('{'))
            else {
                continue;
            };
            if let Some(text) = text_of(labels, label) {
                *sums.entry(text.to_owned()).or_default() += value;
            }
        }
        sums
    }

    /// The sums by the text of a label, over the samples with this text in another label.
    #[must_use]
    pub fn by_where(
        &self,
        family: &str,
        label: &str,
        other: (&str, &str),
    ) -> BTreeMap<String, f64> {
        let has = format!("{}=\"{}\"", other.0, other.1);
        let chosen = self.0.iter().filter(|(series, _)| series.contains(&has));
        Self(
            chosen
                .map(|(series, value)| (series.clone(), *value))
                .collect(),
        )
        .by(family, label)
    }

    /// A description of each ledger that does not balance.
    #[must_use]
    pub fn unbalanced(&self) -> Vec<String> {
        let of = |what: &str| self.by(&format!("solti_metrics_records_{what}"), "source");
        let (delivered, dropped) = (of("delivered_total"), of("dropped_total"));
        let in_flight = of("in_flight");
        let mut wrong = Vec::new();
        for (source, accepted) in of("accepted_total") {
            let at = |map: &BTreeMap<String, f64>| map.get(&source).copied().unwrap_or_default();
            let (delivered, dropped, in_flight) = (at(&delivered), at(&dropped), at(&in_flight));
            if accepted != delivered + dropped + in_flight || in_flight < 0.0 {
                wrong.push(format!(
                    "{source}: {accepted} accepted, {delivered} delivered, {dropped} dropped, {in_flight} in flight"
                ));
            }
        }
        wrong
    }
}

fn text_of<'a>(labels: &'a str, label: &str) -> Option<&'a str> {
    let labels = labels.strip_suffix('}')?;
    labels.split(',').find_map(|one| {
        let text = one.strip_prefix(label)?.strip_prefix("=\"")?;
        text.strip_suffix('"')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE a counter\n\
        solti_metrics_records_accepted_total{source=\"guests\"} 7\n\
        solti_metrics_records_delivered_total{source=\"guests\"} 3\n\
        solti_metrics_records_dropped_total{source=\"guests\",reason=\"quota\"} 2\n\
        solti_metrics_records_dropped_total{source=\"guests\",reason=\"other\"} 1\n\
        solti_metrics_records_in_flight{source=\"guests\"} 1\n# EOF\n";

    #[test]
    fn only_a_ledger_that_does_not_balance_is_named() -> Result<()> {
        assert!(Reading::of(TEXT)?.unbalanced().is_empty());
        let lost = TEXT.replace("} 3", "} 2");
        assert_eq!(Reading::of(&lost)?.unbalanced().len(), 1);
        Ok(())
    }

    #[test]
    fn samples_are_added_up_by_a_label() -> Result<()> {
        let reading = Reading::of(TEXT)?;
        let dropped = reading.by("solti_metrics_records_dropped_total", "reason");
        assert_eq!(
            dropped.into_iter().collect::<Vec<_>>(),
            [("other".into(), 1.0), ("quota".into(), 2.0)]
        );
        let source = ("source", "nobody");
        assert!(
            reading
                .by_where("solti_metrics_records_dropped_total", "reason", source)
                .is_empty()
        );
        Ok(())
    }
}

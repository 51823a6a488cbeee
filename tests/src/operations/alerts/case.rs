use super::yaml::{Yaml, quoted};

/// The default target of series.
const TARGET: [(&str, &str); 2] = [("job", "solti-metrics"), ("instance", "a:9464")];

/// Series, and the alerts that fire at one moment.
#[derive(Debug, Clone)]
pub struct Case {
    /// The meaning of the case, as words that follow "fires" or "is silent".
    pub shows: &'static str,
    /// Series with their values, one value a minute, in the notation of promtool.
    pub series: Vec<(String, String)>,
    /// The moment, as a duration since the first values.
    pub at: &'static str,
    /// The alerts that fire at that moment. A silent case has none.
    pub firing: Vec<Firing>,
}

/// A firing alert.
#[derive(Debug, Clone)]
pub struct Firing {
    pub(super) labels: Vec<(String, String)>,
    /// The value in the description.
    pub(super) value: &'static str,
}

/// A case without series, which is silent.
#[must_use]
pub fn case(shows: &'static str, at: &'static str) -> Case {
    Case {
        shows,
        at,
        series: Vec::new(),
        firing: Vec::new(),
    }
}

impl Case {
    /// Adds a series of this metric. `labels` are written `name=text,name=text`, and
    /// `values` in the notation of promtool.
    #[must_use]
    pub fn with(mut self, metric: &str, labels: &str, values: impl Into<String>) -> Self {
        self.series.push((series(metric, labels), values.into()));
        self
    }

    /// Makes the alert fire with these labels (in the same notation) and this value in
    /// its text.
    #[must_use]
    pub fn fires(self, labels: &str, value: &'static str) -> Self {
        self.fires_without_target(&all_labels(labels), value)
    }

    /// Makes the alert fire without the labels of a target.
    #[must_use]
    pub fn fires_for_all(self) -> Self {
        self.fires_without_target(&[], "")
    }

    fn fires_without_target(mut self, labels: &[(String, String)], value: &'static str) -> Self {
        let labels = labels.to_vec();
        self.firing.push(Firing { labels, value });
        self
    }
}

/// The head of a test, and its series.
pub(super) fn write_series(yaml: &mut Yaml, name: &str, series: &[(String, String)]) {
    yaml.item(1, "name", name);
    yaml.line(2, "interval: 1m");
    yaml.line(2, "input_series:");
    for (series, values) in series {
        yaml.item(3, "series", series).text(4, "values", values);
    }
}

/// A series in the notation of promtool, of the default target unless `labels` name
/// another.
pub(super) fn series(metric: &str, labels: &str) -> String {
    let labels = all_labels(labels).into_iter();
    let labels = labels.map(|(name, text)| format!("{name}={}", quoted(&text)));
    format!("{metric}{{{}}}", labels.collect::<Vec<_>>().join(","))
}

fn all_labels(labels: &str) -> Vec<(String, String)> {
    let mut all = TARGET
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .to_vec();
    for (name, text) in labels.split(',').filter_map(|label| label.split_once('=')) {
        all.retain(|(known, _)| known != name);
        all.push((name.to_owned(), text.to_owned()));
    }
    all
}

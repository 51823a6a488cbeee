use super::yaml::{Yaml, quoted};

/// Where series come from unless a case says otherwise.
const TARGET: [(&str, &str); 2] = [("job", "solti-metrics"), ("instance", "a:9464")];

/// Series, and whether the alert fires at a moment in them.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it shows, in words that go on after "fires" or "is silent".
    pub shows: &'static str,
    /// Series with their values, one each minute, as promtool writes them.
    pub series: Vec<(String, String)>,
    /// The moment, as a duration from the first values on.
    pub at: &'static str,
    /// What fires then; nothing in a silent case.
    pub firing: Vec<Firing>,
}

/// An alert as it fires.
#[derive(Debug, Clone)]
pub struct Firing {
    pub(super) labels: Vec<(String, String)>,
    /// What stands in the description where the value is.
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
    /// With a series of this metric. `labels` are written `name=text,name=text`;
    /// `values` as promtool reads them.
    #[must_use]
    pub fn with(mut self, metric: &str, labels: &str, values: impl Into<String>) -> Self {
        self.series.push((series(metric, labels), values.into()));
        self
    }

    /// It fires, with these labels (written as above) and this value in its words.
    #[must_use]
    pub fn fires(self, labels: &str, value: &'static str) -> Self {
        self.fires_without_target(&all_labels(labels), value)
    }

    /// It fires for no target in particular.
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

/// A series as promtool writes it, of the usual target unless `labels` say otherwise.
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

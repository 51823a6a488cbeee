//! The format of lines.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use cadence::{Counted, MetricSink, StatsdClient, Timed};

use super::StatsdDialect;
use super::series::Series;

/// Writes lines with `cadence`, each with a newline at its end.
pub(super) struct LineWriter {
    client: StatsdClient,
    page: LineBuffer,
    dialect: StatsdDialect,
}

impl LineWriter {
    /// Creates a writer. Prefix and tags must already be sanitized.
    pub(super) fn new(dialect: StatsdDialect, prefix: &str, tags: &[(String, String)]) -> Self {
        let page = LineBuffer::default();
        let mut client = StatsdClient::builder(prefix, page.clone());
        for (name, value) in tags {
            client = client.with_tag(name, value);
        }
        Self {
            client: client.build(),
            page,
            dialect,
        }
    }

    pub(super) fn counter(&self, series: Series, value: u64) {
        let key = self.key(series.counter(), series);
        let mut line = self.client.count_with_tags(&key, value);
        for (name, label) in self.tags(series) {
            line = line.with_tag(name, label);
        }
        line.send();
    }

    pub(super) fn timer(&self, series: Series, duration_ms: u64) {
        let key = self.key(Series::TIMER, series);
        let mut line = self.client.time_with_tags(&key, duration_ms);
        for (name, label) in self.tags(series) {
            line = line.with_tag(name, label);
        }
        line.send();
    }

    /// The lines since the previous call.
    pub(super) fn take(&self) -> String {
        mem::take(&mut self.page.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn key(&self, metric: &str, series: Series) -> String {
        match (self.dialect, series.label()) {
            (StatsdDialect::DogStatsd, _) => metric.to_owned(),
            (StatsdDialect::Plain, None) => format!("{metric}.{}", series.runner()),
            (StatsdDialect::Plain, Some((_, label))) => {
                format!("{metric}.{}.{label}", series.runner())
            }
        }
    }

    fn tags(&self, series: Series) -> impl Iterator<Item = (&'static str, &'static str)> {
        let tagged = self.dialect == StatsdDialect::DogStatsd;
        let labels = [Some(("runner", series.runner().as_label())), series.label()];
        labels.into_iter().flatten().filter(move |_| tagged)
    }
}

/// Destination of the client's lines, instead of a socket.
#[derive(Debug, Clone, Default)]
struct LineBuffer(Arc<Mutex<String>>);

impl MetricSink for LineBuffer {
    fn emit(&self, line: &str) -> io::Result<usize> {
        let mut page = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        page.push_str(line);
        page.push('\n');
        Ok(line.len())
    }
}

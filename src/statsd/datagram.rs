//! The records of one datagram.

use super::StatsdMetrics;
use super::lines::LineWriter;
use super::series::Series;
use crate::Event;

/// Records of one datagram, with counters added up.
pub(super) struct Datagram {
    lengths: LineLengths,
    counts: [u64; Series::COUNT],
    timers: Vec<(Series, u64)>,
    bytes: usize,
    records: u64,
}

impl Datagram {
    pub(super) fn new(lines: &LineWriter) -> Self {
        Self {
            lengths: LineLengths::of(lines),
            counts: [0; Series::COUNT],
            timers: Vec::new(),
            bytes: 0,
            records: 0,
        }
    }

    /// Number of records in the datagram.
    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Adds a whole record. Returns false if the datagram is full. An empty datagram takes
    /// every record, because prefix and tags are bounded.
    pub(super) fn add(&mut self, event: Event) -> bool {
        let series = Series::of(event);
        let index = series.index();
        let count = self.counts[index];
        let line = self.lengths.counters[index];
        let before = if count == 0 { 0 } else { line + digits(count) };
        let mut bytes = self.bytes - before + line + digits(count + 1);
        if let Event::TaskCompleted { duration_ms, .. } = event {
            bytes += self.lengths.timers[index] + digits(duration_ms);
        }
        // The last line is sent without a newline.
        let full =
            bytes - 1 > StatsdMetrics::DATAGRAM || self.records >= StatsdMetrics::DATAGRAM_RECORDS;
        if full && self.records > 0 {
            return false;
        }
        if let Event::TaskCompleted { duration_ms, .. } = event {
            self.timers.push((series, duration_ms));
        }
        self.counts[index] += 1;
        self.bytes = bytes;
        self.records += 1;
        true
    }

    /// The text of the datagram, which is empty afterwards.
    pub(super) fn take(&mut self, lines: &LineWriter) -> String {
        for series in Series::all() {
            match std::mem::take(&mut self.counts[series.index()]) {
                0 => {}
                count => lines.counter(series, count),
            }
        }
        for (series, duration_ms) in self.timers.drain(..) {
            lines.timer(series, duration_ms);
        }
        (self.bytes, self.records) = (0, 0);
        let mut text = lines.take();
        text.pop();
        text
    }
}

/// Length of each line without its value, in bytes, including the newline.
struct LineLengths {
    counters: [usize; Series::COUNT],
    timers: [usize; Series::COUNT],
}

impl LineLengths {
    fn of(lines: &LineWriter) -> Self {
        let mut lengths = Self {
            counters: [0; Series::COUNT],
            timers: [0; Series::COUNT],
        };
        for series in Series::all() {
            lines.counter(series, 0);
            lengths.counters[series.index()] = lines.take().len() - 1;
            lines.timer(series, 0);
            lengths.timers[series.index()] = lines.take().len() - 1;
        }
        lengths
    }
}

fn digits(value: u64) -> usize {
    value.checked_ilog10().unwrap_or(0) as usize + 1
}

#[cfg(test)]
mod tests {
    use super::super::{StatsdDialect, clean};
    use super::*;
    use crate::{RunnerErrorKind, RunnerType, TaskOutcome};

    const STARTED: Event = Event::TaskStarted {
        runner: RunnerType::Wasm,
    };

    fn completed(duration_ms: u64) -> Event {
        Event::TaskCompleted {
            runner: RunnerType::Subprocess,
            outcome: TaskOutcome::Canceled,
            duration_ms,
        }
    }

    #[test]
    fn it_knows_its_length_at_every_record() {
        for dialect in StatsdDialect::ALL {
            let lines = LineWriter::new(dialect, "solti", &[]);
            let mut datagram = Datagram::new(&lines);
            let mut events: Vec<_> = (0..12).map(|_| STARTED).collect();
            events.extend([0, 9, 10, 11, u64::MAX].map(completed));
            for length in 1..=events.len() {
                assert!(events[..length].iter().all(|event| datagram.add(*event)));
                let bytes = datagram.bytes;
                assert_eq!(datagram.take(&lines).len(), bytes - 1);
            }
        }
    }

    #[test]
    fn counters_are_added_up_and_each_duration_is_there() {
        let lines = LineWriter::new(StatsdDialect::Plain, "solti", &[]);
        let mut datagram = Datagram::new(&lines);
        for event in [STARTED, completed(7), STARTED, completed(7)] {
            assert!(datagram.add(event));
        }
        assert_eq!(datagram.records(), 4);
        let expected = "solti.tasks_completed.subprocess.canceled:2|c\n\
                        solti.tasks_started.wasm:2|c\n\
                        solti.task_duration.subprocess.canceled:7|ms\n\
                        solti.task_duration.subprocess.canceled:7|ms";
        assert_eq!(datagram.take(&lines), expected);
        assert_eq!(
            (datagram.records(), datagram.take(&lines)),
            (0, String::new())
        );
    }

    #[test]
    fn a_full_one_is_as_long_as_allowed_and_takes_no_half_of_a_record() {
        let lines = LineWriter::new(StatsdDialect::Plain, "", &[]);
        let mut datagram = Datagram::new(&lines);
        while datagram.add(completed(123)) {}
        let records = datagram.records();
        let text = datagram.take(&lines);
        assert!(text.len() <= StatsdMetrics::DATAGRAM);
        let timer = "\ntask_duration.subprocess.canceled:123|ms".len();
        assert!(text.len() + timer > StatsdMetrics::DATAGRAM);
        assert!(text.starts_with(&format!(
            "tasks_completed.subprocess.canceled:{records}|c\n"
        )));
        assert_eq!(text.lines().count() as u64, records + 1);
    }

    #[test]
    fn added_up_counters_are_bounded_too() {
        let lines = LineWriter::new(StatsdDialect::Plain, "", &[]);
        let mut datagram = Datagram::new(&lines);
        while datagram.add(STARTED) {}
        assert_eq!(datagram.take(&lines), "tasks_started.wasm:4096|c");
    }

    #[test]
    fn any_record_fits_beside_the_longest_prefix_and_tags() -> Result<(), crate::StatsdError> {
        let prefix = clean::prefix(&"p".repeat(StatsdMetrics::MAX_PREFIX))?;
        let value = "v".repeat(StatsdMetrics::MAX_TAGS - 3);
        let tags = clean::tags(&[("t".to_owned(), value)])?;
        let lines = LineWriter::new(StatsdDialect::DogStatsd, &prefix, &tags);
        let mut datagram = Datagram::new(&lines);
        for runner in RunnerType::ALL {
            for error in RunnerErrorKind::ALL {
                assert!(datagram.add(Event::RunnerError { runner, error }));
                assert!(datagram.take(&lines).len() <= StatsdMetrics::DATAGRAM);
            }
        }
        assert!(datagram.add(completed(u64::MAX)));
        let length = datagram.take(&lines).len();
        assert!(length <= StatsdMetrics::DATAGRAM, "{length}");
        Ok(())
    }
}

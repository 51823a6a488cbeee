//! The settings of a [`StatsdMetrics`].

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::lines::LineWriter;
use super::mailbox::Mailbox;
use super::target::StatsdTarget;
use super::worker::SendWorker;
use super::{StatsdDialect, StatsdError, StatsdMetrics, address, clean};
use crate::exporter::ExportLog;

/// Settings of a [`StatsdMetrics`], from [`StatsdMetrics::builder`].
#[derive(Debug, Clone)]
#[must_use = "nothing is sent before it is built"]
pub struct StatsdBuilder {
    address: String,
    name: Option<String>,
    dialect: StatsdDialect,
    prefix: String,
    tags: Vec<(String, String)>,
    queue_capacity: usize,
    gather: Duration,
}

impl StatsdBuilder {
    pub(super) fn new(address: String) -> Self {
        Self {
            address,
            name: None,
            dialect: StatsdDialect::default(),
            prefix: "solti".to_owned(),
            tags: Vec::new(),
            queue_capacity: StatsdMetrics::DEFAULT_QUEUE_CAPACITY,
            gather: StatsdMetrics::DEFAULT_GATHER,
        }
    }

    /// Name of this backend in log entries. Default: its address.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Format of labels in lines. Default: [`StatsdDialect::Plain`].
    pub fn dialect(mut self, dialect: StatsdDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Prefix of every name, before a dot. Default: `solti`. An empty text means no prefix.
    ///
    /// Valid characters are ASCII letters, digits, `_`, `-` and `.`. Other characters become
    /// `_`. A prefix has at most [`StatsdMetrics::MAX_PREFIX`] bytes.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Adds a tag to every metric. Only [`StatsdDialect::DogStatsd`] supports tags.
    ///
    /// Valid characters of name and value are ASCII letters, digits, `_`, `-`, `.` and `/`.
    /// Other characters become `_`, and so does an empty text. All tags together have at most
    /// [`StatsdMetrics::MAX_TAGS`] bytes, with two more for each tag. The names `runner`,
    /// `outcome` and `error` are reserved.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// Maximum number of records that wait to be sent, from 1 to
    /// [`StatsdMetrics::MAX_QUEUE_CAPACITY`]. A number outside this range becomes the nearest bound.
    /// Default: [`StatsdMetrics::DEFAULT_QUEUE_CAPACITY`].
    pub fn queue_capacity(mut self, records: usize) -> Self {
        self.queue_capacity = records;
        self
    }

    /// Time that the first record after a pause waits for others. The wait ends early when
    /// 1,024 records, or half of the queue, have come. Default:
    /// [`StatsdMetrics::DEFAULT_GATHER`].
    pub fn gather(mut self, gather: Duration) -> Self {
        self.gather = gather;
        self
    }

    /// Starts the thread that sends. This call looks up no name and sends nothing, so that
    /// the server, and its name, can come later.
    ///
    /// # Errors
    ///
    /// If the address is not `HOST:PORT`, if the prefix or the tags are invalid, or if the
    /// thread cannot be started.
    pub fn build(self) -> Result<StatsdMetrics, StatsdError> {
        address::check(&self.address)?;
        let prefix = clean::prefix(&self.prefix)?;
        let tags = clean::tags(&self.tags)?;
        if self.dialect == StatsdDialect::Plain && !tags.is_empty() {
            return Err(StatsdError::TagsInPlain);
        }
        let mailbox = Arc::new(Mailbox::new(self.queue_capacity));
        let worker = SendWorker {
            mailbox: Arc::clone(&mailbox),
            lines: LineWriter::new(self.dialect, &prefix, &tags),
            target: StatsdTarget::new(self.address.clone()),
            gather: self.gather,
            log: ExportLog::new(self.name.as_deref(), "statsd", &self.address),
            answered: 0,
        };
        let worker = thread::Builder::new()
            .name("solti-statsd".to_owned())
            .spawn(|| worker.run())
            .map_err(StatsdError::Thread)?;
        Ok(StatsdMetrics {
            mailbox,
            address: self.address.into(),
            worker: Mutex::new(Some(worker)),
        })
    }
}

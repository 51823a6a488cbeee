use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::lines::Lines;
use super::mailbox::Mailbox;
use super::target::Target;
use super::worker::Worker;
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
    queue: usize,
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
            queue: StatsdMetrics::DEFAULT_QUEUE,
            gather: StatsdMetrics::DEFAULT_GATHER,
        }
    }

    /// The name of this backend in log entries: its address unless set.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How lines say their labels: [`StatsdDialect::Plain`] unless set.
    pub fn dialect(mut self, dialect: StatsdDialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// What every name begins with, before a dot: `solti` unless set; empty for
    /// nothing.
    ///
    /// It has ASCII letters, digits, `_`, `-` and `.`; whatever else is given becomes
    /// `_`. It has at most [`StatsdMetrics::MAX_PREFIX`] bytes.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// A tag that every metric has, besides those added before. For
    /// [`StatsdDialect::DogStatsd`] alone.
    ///
    /// Name and value have ASCII letters, digits, `_`, `-`, `.` and `/`; whatever else
    /// is given becomes `_`, and so does nothing at all. All together have at most
    /// [`StatsdMetrics::MAX_TAGS`] bytes, with two for each. The labels `runner`,
    /// `outcome` and `error` cannot be set.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((name.into(), value.into()));
        self
    }

    /// How many records may wait to be sent: [`StatsdMetrics::DEFAULT_QUEUE`] unless
    /// set, at least 1, at most [`StatsdMetrics::MAX_QUEUE`]. A number beyond is the
    /// nearest of those.
    pub fn queue(mut self, records: usize) -> Self {
        self.queue = records;
        self
    }

    /// How long the first record after a pause waits for others:
    /// [`StatsdMetrics::DEFAULT_GATHER`] unless set. It is less when many have come,
    /// 1,024 or half of the queue.
    pub fn gather(mut self, gather: Duration) -> Self {
        self.gather = gather;
        self
    }

    /// Starts the thread that sends. Nothing is looked up and nothing is sent for this,
    /// so that the server, and its name, may come later.
    ///
    /// # Errors
    ///
    /// When the address is not `HOST:PORT`, when prefix or tags cannot be used, or when
    /// the thread cannot be started.
    pub fn build(self) -> Result<StatsdMetrics, StatsdError> {
        address::check(&self.address)?;
        let prefix = clean::prefix(&self.prefix)?;
        let tags = clean::tags(&self.tags)?;
        if self.dialect == StatsdDialect::Plain && !tags.is_empty() {
            return Err(StatsdError::TagsInPlain);
        }
        let mailbox = Arc::new(Mailbox::new(self.queue));
        let worker = Worker {
            mailbox: Arc::clone(&mailbox),
            lines: Lines::new(self.dialect, &prefix, &tags),
            target: Target::new(self.address.clone()),
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

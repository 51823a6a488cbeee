use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::account::Account;
use super::endpoint::Endpoint;
use super::explain::Explain;
use super::headers::headers;
use super::theirs::Secrets;
use super::transport::Transport;
use super::worker::Worker;
use super::{OtlpError, OtlpMetrics, OtlpProtocol, tls};
use crate::MetricNames;
use crate::exporter::ExportLog;
use crate::otlp_encoding::{Message, Resource, unix_nanos};

/// Where [`OtlpMetrics`] pushes to, and how.
#[derive(Clone)]
#[must_use]
pub struct OtlpBuilder {
    endpoint: String,
    name: Option<String>,
    protocol: OtlpProtocol,
    headers: Vec<(String, String)>,
    ca_file: Option<PathBuf>,
    every: Duration,
    timeout: Duration,
    names: MetricNames,
    attributes: Vec<(String, String)>,
    process: bool,
    environment: bool,
}

impl OtlpBuilder {
    pub(super) fn new(endpoint: String) -> Self {
        Self {
            endpoint,
            name: None,
            protocol: OtlpProtocol::default(),
            headers: Vec::new(),
            ca_file: None,
            every: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            names: MetricNames::default(),
            attributes: Vec::new(),
            process: false,
            environment: false,
        }
    }

    /// The name of this backend in log entries: its endpoint unless said.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How to speak; [`OtlpProtocol::HttpProtobuf`] unless said.
    pub fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Sends a header along, or with gRPC a piece of metadata. Its value is in no
    /// message.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Trusts the certificates in this file, which is in PEM, and no others. Without
    /// it, trusted are the public roots as Mozilla has them, which are compiled in;
    /// those of the system are not looked at. The file is read once, by
    /// [`build`](Self::build), and has at most 1 MiB.
    ///
    /// A receiver's own certificate may be there as well, also if it is that of an
    /// authority, as `openssl req -x509` makes it: then it is trusted for its names and
    /// until it expires.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// How often to push: every 10 seconds unless said, from 100 ms to 365 days.
    pub fn every(mut self, every: Duration) -> Self {
        self.every = every;
        self
    }

    /// How long one push may take, from looking the name up to the end of the answer:
    /// 5 seconds unless said, from 1 ms to 365 days.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What the metrics are called; [`MetricNames::Prometheus`] unless said.
    pub fn names(mut self, names: MetricNames) -> Self {
        self.names = names;
        self
    }

    /// The resource's `service.name`; `solti-runner` unless said.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.attribute("service.name", name)
    }

    /// The resource's `service.version`; there is none unless said.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.attribute("service.version", version)
    }

    /// The resource's `service.instance.id`; a random UUID unless said. Two that push
    /// to one place must differ here, or each overwrites the other's totals.
    pub fn service_instance_id(self, id: impl Into<String>) -> Self {
        self.attribute("service.instance.id", id)
    }

    /// An attribute of the resource, in the place of one with the same key.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// Whether the resource has `process.pid`, and `host.name` where the system says
    /// it (on Linux). Not unless said: a pid makes new series at every start.
    pub fn process(mut self, process: bool) -> Self {
        self.process = process;
        self
    }

    /// Whether `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME` are read: not
    /// unless said. What was given to this builder stands above them. No other
    /// variable is read.
    pub fn env(mut self, env: bool) -> Self {
        self.environment = env;
        self
    }

    /// Starts to push. No connection is made for this, so that a receiver may come
    /// later.
    ///
    /// # Errors
    ///
    /// When a setting cannot be used, or the thread that pushes cannot be started.
    pub fn build(self) -> Result<OtlpMetrics, OtlpError> {
        let endpoint = Endpoint::parse(&self.endpoint, self.protocol)?;
        let headers = headers(&self.headers)?;
        if self.ca_file.is_some() && !endpoint.https {
            return Err(OtlpError::CaWithoutTls);
        }
        let tls = tls::config(self.ca_file.as_deref())?;
        let account = Arc::new(Account::default());
        let timeout = within_bounds("timeout", Duration::from_millis(1), self.timeout)?;
        let explain = Explain {
            protocol: self.protocol,
            https: endpoint.https,
            port: endpoint.uri.port_u16(),
            ca_file: self.ca_file.is_some(),
        };
        let worker = Worker {
            message: Message {
                resource: self.resource()?,
                names: self.names,
                start: unix_nanos(),
            },
            secrets: Secrets::of(&headers, endpoint.uri.query()),
            transport: Transport::new(explain, &endpoint, headers, tls, timeout),
            every: within_bounds("every", Duration::from_millis(100), self.every)?,
            timeout,
            target: endpoint.shown.clone(),
            log: ExportLog::new(self.name.as_deref(), "otlp", &endpoint.shown),
            account: account.clone(),
        };
        worker.start().map_err(OtlpError::Thread)?;
        Ok(OtlpMetrics {
            account,
            target: endpoint.shown,
        })
    }

    fn resource(&self) -> Result<Resource, OtlpError> {
        let mut resource = Resource::default();
        if self.process {
            resource.describe_process();
        }
        if self.environment {
            resource.read_environment(|name| std::env::var(name).ok())?;
        }
        for (key, value) in &self.attributes {
            resource.attribute(key, value)?;
        }
        Ok(resource)
    }
}

/// 365 days. No sum of it and a clock's time overflows.
const LONGEST: Duration = Duration::from_secs(365 * 86_400);

fn within_bounds(
    setting: &'static str,
    shortest: Duration,
    value: Duration,
) -> Result<Duration, OtlpError> {
    if value < shortest || value > LONGEST {
        return Err(OtlpError::Time {
            setting,
            value,
            shortest,
        });
    }
    Ok(value)
}

/// Without what may be secret.
impl fmt::Debug for OtlpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpBuilder")
            .field("protocol", &self.protocol)
            .field("every", &self.every)
            .field("timeout", &self.timeout)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

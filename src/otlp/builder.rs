//! The settings of an [`OtlpMetrics`].

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::collector_text::Secrets;
use super::endpoint::Endpoint;
use super::explain::Explain;
use super::headers::headers;
use super::push_account::PushAccount;
use super::transport::Transport;
use super::worker::PushWorker;
use super::{OtlpError, OtlpMetrics, OtlpProtocol, tls};
use crate::MetricNames;
use crate::exporter::ExportLog;
use crate::otlp_encoding::{OtlpMessage, Resource, unix_nanos};

/// Settings of an [`OtlpMetrics`], from [`OtlpMetrics::builder`].
#[derive(Clone)]
#[must_use]
pub struct OtlpBuilder {
    endpoint: String,
    name: Option<String>,
    protocol: OtlpProtocol,
    headers: Vec<(String, String)>,
    ca_file: Option<PathBuf>,
    interval: Duration,
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
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(5),
            names: MetricNames::default(),
            attributes: Vec::new(),
            process: false,
            environment: false,
        }
    }

    /// Name of this backend in log entries. Default: its endpoint.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Protocol. Default: [`OtlpProtocol::HttpProtobuf`].
    pub fn protocol(mut self, protocol: OtlpProtocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Adds a request header, or with gRPC a metadata entry. No message contains its value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// File with the only trusted certificates, in PEM. The default are Mozilla's public
    /// roots, which are compiled in; the certificates of the system are not used.
    /// [`build`](Self::build) reads the file once. Its maximum size is 1 MiB.
    ///
    /// The file can also contain the collector's own certificate. Such a certificate can be
    /// marked as an authority, as `openssl req -x509` does. It is then trusted for its names
    /// until it expires.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Interval of pushes, from 100 ms to 365 days. Default: 10 seconds.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Timeout of one push, from the look-up of the name to the end of the answer, from 1 ms
    /// to 365 days. Default: 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Names of the metrics. Default: [`MetricNames::Prometheus`].
    pub fn names(mut self, names: MetricNames) -> Self {
        self.names = names;
        self
    }

    /// The resource's `service.name`. Default: `solti-runner`.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.attribute("service.name", name)
    }

    /// The resource's `service.version`. By default, there is none.
    pub fn service_version(self, version: impl Into<String>) -> Self {
        self.attribute("service.version", version)
    }

    /// The resource's `service.instance.id`. Default: a random UUID. Two backends that push
    /// to one collector need different values. Otherwise each overwrites the totals of the
    /// other.
    pub fn service_instance_id(self, id: impl Into<String>) -> Self {
        self.attribute("service.instance.id", id)
    }

    /// Sets an attribute of the resource, and replaces one with the same key.
    pub fn attribute(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((key.into(), value.into()));
        self
    }

    /// Whether the resource has `process.pid`, and `host.name` if the system reports it (on
    /// Linux). Default: no, because a pid creates new series at every start.
    pub fn process(mut self, process: bool) -> Self {
        self.process = process;
        self
    }

    /// Whether the backend reads `OTEL_RESOURCE_ATTRIBUTES` and `OTEL_SERVICE_NAME`. Default:
    /// no. Settings of this builder take precedence. No other variable is read.
    pub fn env(mut self, env: bool) -> Self {
        self.environment = env;
        self
    }

    /// Starts to push. This call makes no connection, so that the collector can start later.
    ///
    /// # Errors
    ///
    /// If a setting is invalid, or the thread that pushes cannot be started.
    pub fn build(self) -> Result<OtlpMetrics, OtlpError> {
        let endpoint = Endpoint::parse(&self.endpoint, self.protocol)?;
        let headers = headers(&self.headers)?;
        if self.ca_file.is_some() && !endpoint.https {
            return Err(OtlpError::CaWithoutTls);
        }
        let tls = tls::config(self.ca_file.as_deref())?;
        let account = Arc::new(PushAccount::default());
        let timeout = within_bounds("timeout", Duration::from_millis(1), self.timeout)?;
        let explain = Explain {
            protocol: self.protocol,
            https: endpoint.https,
            port: endpoint.uri.port_u16(),
            ca_file: self.ca_file.is_some(),
        };
        let worker = PushWorker {
            message: OtlpMessage {
                resource: self.resource()?,
                names: self.names,
                start: unix_nanos(),
            },
            secrets: Secrets::of(&headers, endpoint.uri.query()),
            transport: Transport::new(explain, &endpoint, headers, tls, timeout),
            interval: within_bounds("interval", Duration::from_millis(100), self.interval)?,
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

/// 365 days. The sum of this time and a clock's time does not overflow.
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

/// Omits values that can be secret.
impl fmt::Debug for OtlpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpBuilder")
            .field("protocol", &self.protocol)
            .field("interval", &self.interval)
            .field("timeout", &self.timeout)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}
